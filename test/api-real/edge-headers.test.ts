import { createServer } from 'node:http';
import express from 'express';
import { describe, expect, onTestFinished, test } from 'vitest';
import { addressList } from '../../api/http/address-list.ts';
import { dropForwardedCertificates } from '../../api/middleware/forwarded-certificate.ts';
import { call, line, text } from './stand/call.ts';
import { bringTo } from './stand/stages.ts';
import { startStand } from './stand/stand.ts';
import { portOf } from './stand/token-issuer.ts';

const stand = await startStand();

describe('a client certificate that a header tells of', () => {
  const CARRIERS = [
    'client-cert',
    'client-cert-chain',
    'x-forwarded-client-cert',
    'x-client-cert',
    'x-ssl-client-cert',
    'x-ssl-client-verify',
    'x-ssl-client-s-dn',
    'ssl-client-cert',
    'x-forwarded-tls-client-cert',
    'x-forwarded-tls-client-cert-info',
    'x-amzn-mtls-clientcert',
    'x-amzn-mtls-clientcert-leaf',
    'x-arr-clientcert',
  ];

  /** What is left of the headers behind the middleware, when this hop speaks. */
  async function leftBy(proxies: readonly string[]): Promise<string[]> {
    const app = express();
    app.use(dropForwardedCertificates(addressList(proxies)), (req, res) => void res.json(Object.keys(req.headers)));
    const server = createServer(app);
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    onTestFinished(() => void server.close());
    const headers = Object.fromEntries([...CARRIERS, 'x-client-version', 'prefer'].map((name) => [name, 'x']));
    const answer = await fetch(`http://127.0.0.1:${portOf(server.address())}`, { headers });
    const names: unknown = await answer.json();
    return Array.isArray(names) ? names.map(String).filter((name) => Object.hasOwn(headers, name)) : [];
  }

  test('is taken away from anybody', async () => {
    expect(await leftBy([])).toEqual(['x-client-version', 'prefer']);
    expect(await leftBy(['10.0.0.1'])).toEqual(['x-client-version', 'prefer']);
  });

  test('stays when a configured hop says it', async () => {
    expect(await leftBy(['127.0.0.1'])).toEqual([...CARRIERS, 'x-client-version', 'prefer']);
  });
});

describe('query parameters', () => {
  test.each([
    ['?x=1', 'is not known'],
    ['?process=true&process=true', 'comes twice'],
    ['?process=true&process=false', 'comes twice'],
    ['?process=1', 'is refused: Invalid option: expected one of "true"|"false"'],
    ['?process', 'is refused: Invalid option: expected one of "true"|"false"'],
    ['?PROCESS=true', 'is not known'],
    ['?process[]=true', 'is not known'],
    ['?process[a]=true', 'is not known'],
    ['?__proto__=x', 'is not known'],
    ['?pro%63ess=yes', 'is refused: Invalid option: expected one of "true"|"false"'],
    ['?=', 'is not known'],
  ])('%s: 400', async (query, why) => {
    const { id, token } = await bringTo(stand, 'awaiting-pin');
    const answer = await call(stand, 'GET', `/v1/enrollments/${id}${query}`, { token });
    expect([line(answer), text(answer, 'detail').includes(why)]).toEqual(['400 invalid_request', true]);
  });

  test.each(['', '?', '?process=true', '?process=false', '?&'])('%s is good', async (query) => {
    const { id, token } = await bringTo(stand, 'awaiting-pin');
    expect(line(await call(stand, 'GET', `/v1/enrollments/${id}${query}`, { token }))).toBe('200');
  });

  test('a token in the query is no credential', async () => {
    const { id, token } = await bringTo(stand, 'awaiting-pin');
    expect(line(await call(stand, 'GET', `/v1/enrollments/${id}?access_token=${token}`))).toBe('400 invalid_request');
  });
});

describe('nobody is sent anywhere else', () => {
  test.each([
    '/',
    '/docs',
    '/docs/',
    '/docs/errors',
    '/docs/errors/',
    '/docs//',
    '//example.org/',
    '//example.org/%2e%2e',
    '/docs/..',
    '/docs/%2e%2e/',
    '/docs/swagger-ui.css',
    '/docs/.',
    '/v1',
    '/ca/root.cer',
  ])('%s: no redirect, on either listener', async (path) => {
    for (const base of [stand.base, stand.files]) {
      const answer = await fetch(`${base}${path}`, { redirect: 'manual', headers: { 'x-forwarded-proto': 'http' } });
      expect([answer.status >= 300 && answer.status < 400, answer.headers.get('location')]).toEqual([false, null]);
    }
  });
});

test.each([
  '/v1/enrollments/a%2fpin',
  '/v1%2fenrollments',
  '/v1/enrollments/%00',
  '/v1/enrollments/%c0%af',
  '/v1/enrollments/..%2f..%2fdocs',
  '/v1/enrollments/%2e%2e/pin',
])('%s is read as one path and refused', async (path) => {
  const answer = await fetch(`${stand.base}${path}`);
  expect([401, 404, 405]).toContain(answer.status);
});

test('every answer of either listener carries what helmet sets and nothing that names the software', async () => {
  for (const url of [`${stand.base}/v1/nothing`, `${stand.base}/docs/`, `${stand.files}/ca/root.cer`, `${stand.files}/nothing`]) {
    const { headers } = await fetch(url);
    expect([headers.get('x-content-type-options'), headers.get('x-frame-options'), headers.get('referrer-policy')]).toEqual([
      'nosniff',
      'SAMEORIGIN',
      'no-referrer',
    ]);
    expect([headers.get('x-powered-by'), headers.get('server')]).toEqual([null, null]);
    // Express' own validators are off; those of public files are made here.
    expect(headers.has('etag')).toBe(url.endsWith('.cer'));
    expect(headers.get('content-security-policy')).toContain("default-src 'self'");
  }
});
