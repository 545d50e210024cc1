import { generateKeyPairSync } from 'node:crypto';
import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../../cli/dev/free-ports.ts';
import { startTokenService } from '../../cli/dev/token-service.ts';
import type { Running } from '../../process/run-process.ts';
import { filesIn, testHierarchy } from '../core/pki/test-hierarchy.ts';

let port = 0;
let running: Running;

beforeAll(async () => {
  const jwk = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' });
  const path = filesIn({
    'TEST.jwk.json': JSON.stringify({ ...jwk, kid: 'ts-test' }),
    'ca.pem': testHierarchy().issuers.root.certificatePem,
  });
  port = await freePort();
  // Nobody listens at the API's address: what gets so far has passed the door.
  const apiUrl = `https://127.0.0.1:${await freePort()}`;
  running = await startTokenService({ port, jwkFile: path('TEST.jwk.json'), audience: 'test', apiUrl, apiCaFile: path('ca.pem') });
});
afterAll(() => running.stop());

const json = { 'content-type': 'application/json' };
const body = JSON.stringify({ userId: 'u', deviceId: 'd', tokenId: 't', pin: 'verify', platform: 'other' });

describe('the stand-in of the Token Service takes no registration of a web page:', () => {
  it.each<[string, Record<string, string>, number]>([
    ['of another origin', { ...json, origin: 'https://evil.example' }, 403],
    ['of a file or a sandbox', { ...json, origin: 'null' }, 403],
    ['behind DNS rebinding', { ...json, host: 'evil.example' }, 403],
    ['behind DNS rebinding, on some port', { ...json, host: 'evil.example:8080' }, 403],
    ['that sends a form', { 'content-type': 'application/x-www-form-urlencoded' }, 415],
    ['that sends text, without asking first', { 'content-type': 'text/plain;charset=UTF-8' }, 415],
    ['that sends nothing of a type', {}, 415],
  ])('%s', async (_title, headers, status) => {
    expect(await post(headers)).toBe(status);
  });

  it('the key set neither', async () => {
    expect(await ask('GET', '/jwks.json', { host: 'evil.example' })).toBe(403);
    expect(await ask('GET', '/jwks.json', {})).toBe(200);
  });

  it('but takes one of the commands, which fails here for want of an API', async () => {
    expect(await post(json)).toBe(500);
    expect(await post({ ...json, host: `localhost:${port}` })).toBe(500);
  });

  it('and says what is wrong with a body that is no registration', async () => {
    expect(await post(json, '{')).toBe(422);
  });
});

function post(headers: Record<string, string>, text = body): Promise<number> {
  return ask('POST', '/device-registrations', headers, text);
}

function ask(method: string, path: string, headers: Record<string, string>, text?: string): Promise<number> {
  return new Promise((done, failed) => {
    const sent = request({ host: '127.0.0.1', port, method, path, headers }, (answer) => {
      answer.resume();
      done(answer.statusCode ?? 0);
    });
    sent.once('error', failed).end(text);
  });
}
