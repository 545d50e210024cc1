import { X509Certificate } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { ISSUER_IDS } from '../../contract/key-types.ts';
import { renewCrl } from '../../store/crl.ts';
import { readPublishedIssuer } from '../../store/published-files.ts';
import { expectProblem } from './stand/call.ts';
import { startStand } from './stand/stand.ts';

const stand = await startStand();

async function get(path: string, method = 'GET') {
  const response = await fetch(stand.files + path, { method });
  const octets = Buffer.from(await response.arrayBuffer());
  return { status: response.status, headers: response.headers, octets };
}

async function expectRefused(path: string, status: number, code: string, method = 'GET') {
  const { headers, octets, ...answer } = await get(path, method);
  expect(answer.status).toBe(status);
  const body: unknown = JSON.parse(octets.toString());
  expect(body).toMatchObject({ code });
  expectProblem(path, { status, headers, body, text: octets.toString() });
}

describe('CA certificates', () => {
  test.each(ISSUER_IDS)('/ca/%s.cer is DER, byte for byte what is stored', async (id) => {
    const { status, headers, octets } = await get(`/ca/${id}.cer`);
    expect([status, headers.get('content-type')]).toEqual([200, 'application/pkix-cert']);
    expect(headers.get('cache-control')).toContain('public');
    expect(headers.get('x-powered-by')).toBeNull();
    expect(octets.equals(Buffer.from((await readPublishedIssuer(stand.db, id))?.certificate ?? []))).toBe(true);
    expect(new X509Certificate(octets).ca).toBe(true);
  });
});

describe('CRLs', () => {
  test('before the first one: 503 with Retry-After', async () => {
    await expectRefused('/crl/root.crl', 503, 'service_unavailable');
  });

  test('/crl/issuing-ec.crl is DER, and always the newest', async () => {
    for (const octet of [1, 2]) {
      const der = new Uint8Array([0x30, 0x03, 0x02, 0x01, octet]);
      await renewCrl(stand.db, 'issuing-ec', 0, ({ now }) => ({ der, thisUpdate: now, nextUpdate: now }));
      const { status, headers, octets } = await get('/crl/issuing-ec.crl');
      expect([status, headers.get('content-type')]).toEqual([200, 'application/pkix-crl']);
      expect(octets.equals(Buffer.from(der))).toBe(true);
    }
  });
});

test.each([
  '/ca/unknown.cer',
  '/ca/root.crl',
  '/crl/root.cer',
  '/ca/root',
  '/ca/root.cer.bak',
  '/ca/Root.cer',
  '/ca/..%2Froot.cer',
  '/crl/issuing-ec.crl%00',
])('%s is no file: 404', async (path) => {
  await expectRefused(path, 404, 'file_not_found');
});

test.each(['/', '/ca/', '/ca', '/CA/root.cer', '/v1/enrollments', '/docs/', '/.well-known/cs-evidence-jwks.json', '/ca/%E0%A4%A'])(
  '%s is not served over plain HTTP: 404',
  async (path) => {
    await expectRefused(path, 404, 'route_not_found');
  },
);

test.each(['POST', 'PUT', 'DELETE'])('%s changes nothing: 404', async (method) => {
  await expectRefused('/ca/root.cer', 404, 'route_not_found', method);
});

test('the evidence keys are public on the TLS listener, without a private member', async () => {
  const response = await fetch(`${stand.base}/.well-known/cs-evidence-jwks.json`);
  expect([response.status, response.headers.get('cache-control')]).toEqual([200, 'public, max-age=300']);
  expect(await response.json()).toEqual({
    keys: [{ kty: 'EC', crv: 'P-256', x: expect.any(String), y: expect.any(String), kid: stand.evidence.kid, alg: 'ES256', use: 'sig' }],
  });
});
