import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { z } from 'zod';
import { operatorClient } from '../../cli/operator/operator-client.ts';
import { SERVER_AUTH, testCa, testCertificate } from '../api-real/stand/test-pki.ts';

/* What an operator reads when something is wrong, against a real TLS server; the calls themselves are in test/api-real. */

const folder = mkdtempSync(join(tmpdir(), 'cs-cli-'));
const file = (name: string, content: string) => {
  writeFileSync(join(folder, name), content, { mode: 0o600 });
  return join(folder, name);
};
const ca = await testCa('TLS TEST CA');
const certificate = await testCertificate({ name: 'x', issuer: ca, san: [{ type: 'dns', value: 'localhost' }], usages: [SERVER_AUTH] });
let answer = { status: 200, body: '{}' };
const seen: (string | undefined)[] = [];
const server = createServer({ cert: certificate.pem, key: certificate.keyPem }, (req, res) => {
  seen.push(req.headers.authorization);
  res.writeHead(answer.status).end(answer.body);
});
await new Promise<void>((done) => server.listen(0, 'localhost', done));
afterAll(() => {
  server.closeAllConnections();
  server.close();
  rmSync(folder, { recursive: true });
});
const address = server.address();
const url = `https://localhost:${typeof address === 'object' && address !== null ? address.port : 0}`;
const right = { url, tokenFile: file('token', 'a.b.c\n'), ca: file('ca', ca.pem), data: folder };

async function said(options: Parameters<typeof operatorClient>[0]): Promise<string> {
  try {
    const client = await operatorClient(options);
    await client.call('GET', '/v1/operator/locked-users', z.object({}));
    await client.close();
    return 'answered';
  } catch (error) {
    return error instanceof Error ? error.message : 'no error';
  }
}

test('the token of the file is sent to the service of --url, which --ca verifies', async () => {
  expect(await said(right)).toBe('answered');
  expect(seen).toEqual(['Bearer a.b.c']);
});

test.each<[string, Partial<typeof right>, RegExp]>([
  ['the token file has no name', { tokenFile: '' }, /^--token-file names/],
  ['the token would travel in clear text', { url: 'http://localhost:1' }, /^--url must be https/],
  ['the token file is not there', { tokenFile: '/nowhere' }, /^--token-file names \/nowhere, which cannot be read \(ENOENT\)/],
  ['the token file holds something else', { tokenFile: right.ca }, /does not hold one access token/],
  ['nobody listens', { url: 'https://localhost:59998' }, /cannot be reached \(ECONNREFUSED\)\. Is the API running with CS_OPERATOR_PORT/],
])('%s: a sentence that says what to do, and no token goes out', async (_what, change, sentence) => {
  const before = seen.length;
  expect(await said({ ...right, ...change })).toMatch(sentence);
  expect(seen.length).toBe(before);
});

test('a certificate of an unknown CA: the token is not sent, and --ca is named', async () => {
  const { ca: _ca, ...withoutCa } = right;
  const before = seen.length;
  expect(await said(withoutCa)).toMatch(/cannot be reached \(.*\)\. Name the CA of its certificate with --ca/);
  expect(seen.length).toBe(before);
});

test('without a development stack and without --url: how to get either', async () => {
  expect(await said({ data: folder })).toMatch(/^There is no development stack in/);
});

test('a refusal of the service: its detail, what to do, code and request', async () => {
  const problem = {
    code: 'invalid_token',
    title: 't',
    detail: 'The access token was refused: "exp" claim timestamp check failed.',
    hint: 'h',
    instance: 'urn:uuid:1-2',
  };
  answer = { status: 401, body: JSON.stringify(problem) };
  expect(await said(right)).toMatch(/^The access token was refused: .* failed\. Get a new access token .* \(invalid_token, request 1-2\)$/);
  answer = { status: 404, body: '<html>' };
  expect(await said(right)).toMatch(/^The answer was 404 and no problem document: --url is not the operator listener/);
});
