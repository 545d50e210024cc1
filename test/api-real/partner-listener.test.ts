import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { startPartnerListener } from './stand/listeners.ts';
import { bringTo } from './stand/stages.ts';
import { startStand } from './stand/stand.ts';
import { CLIENT_AUTH, SERVER_AUTH, type TestCertificate, testCa, testCertificate } from './stand/test-pki.ts';

/* Real TLS, real certificates: who is let in, and who falls at which of the two doors (TLS, or 401 with a sentence). */

const stand = await startStand();
const clock = { ahead: 0 };
const partner = await startPartnerListener(stand, () => Date.now() + clock.ahead);
const GOOD_SAN = { type: 'url', value: 'spiffe://partner.example.org/token-service' } as const;
const DAY_MS = 86_400_000;

async function lineOf(shown: Pick<TestCertificate, 'pem' | 'keyPem'> | undefined, headers: Record<string, string> = {}): Promise<string> {
  try {
    const answer = await partner.call('GET', '/v1/users/u-1/pin', shown, headers);
    const body: unknown = await answer.json();
    const code: unknown = typeof body === 'object' && body !== null ? Reflect.get(body, 'code') : undefined;
    return typeof code === 'string' ? `${answer.status} ${code}` : String(answer.status);
  } catch (error) {
    if (error instanceof Error && error.message === 'fetch failed') return 'refused by TLS';
    throw error;
  }
}

const of = (issuer: TestCertificate, wishes: Parameters<typeof testCertificate>[0] = {}) =>
  testCertificate({ issuer, san: [GOOD_SAN], usages: [CLIENT_AUTH], ...wishes });

test('the right certificate makes the calls of its client, with the scopes of its entry', async () => {
  expect(await lineOf(partner.certificates.all)).toBe('200');
  expect(await lineOf(partner.certificates.readOnly)).toBe('403 insufficient_scope');
  const mine = await bringTo(stand, 'awaiting-csr');
  const foreign = await bringTo(stand, 'awaiting-csr', { clientId: 'ts-b' });
  const statusOf = async (id: string) => (await partner.call('GET', `/v1/enrollments/${id}`, partner.certificates.readOnly)).status;
  expect([await statusOf(mine.id), await statusOf(foreign.id), await statusOf(randomUUID())]).toEqual([200, 404, 404]);
});

test('the kinds of certificate that do not open the calls', async () => {
  const otherCa = await testCa('PARTNER CA');
  const past = { notBefore: new Date(Date.now() - 2 * DAY_MS), notAfter: new Date(Date.now() - DAY_MS) };
  const future = { notBefore: new Date(Date.now() + DAY_MS), notAfter: new Date(Date.now() + 2 * DAY_MS) };
  const subCa = await of(partner.ca, { name: 'A PARTNER', ca: true });
  const cases: [string, Pick<TestCertificate, 'pem' | 'keyPem'> | undefined, string][] = [
    ['none', undefined, 'refused by TLS'],
    ['signed by itself', await testCertificate({ name: 'X', san: [GOOD_SAN], usages: [CLIENT_AUTH] }), 'refused by TLS'],
    ['of another CA with the same name', await of(otherCa), 'refused by TLS'],
    ['expired', await of(partner.ca, past), 'refused by TLS'],
    ['not yet valid', await of(partner.ca, future), 'refused by TLS'],
    ['made by a partner, who is no CA of ours', await of(await of(partner.ca, { name: 'A PARTNER' })), 'refused by TLS'],
    ['a CA certificate', subCa, '401 invalid_token'],
    ['without extended key usages', await of(partner.ca, { usages: [] }), '401 invalid_token'],
    ['for servers', await of(partner.ca, { usages: [SERVER_AUTH] }), 'refused by TLS'],
    ['without a SAN', await of(partner.ca, { san: [] }), '401 invalid_token'],
    ['with another URI', await of(partner.ca, { san: [{ type: 'url', value: `${GOOD_SAN.value}/x` }] }), '401 invalid_token'],
    [
      'with the URI in other case',
      await of(partner.ca, { san: [{ type: 'url', value: GOOD_SAN.value.toUpperCase() }] }),
      '401 invalid_token',
    ],
    ['with the URI as a host name', await of(partner.ca, { san: [{ type: 'dns', value: 'partner.example.org' }] }), '401 invalid_token'],
    ['with a wildcard', await of(partner.ca, { san: [{ type: 'dns', value: '*.partner.example.org' }] }), '401 invalid_token'],
    [
      'with names of two partners',
      await of(partner.ca, { san: [GOOD_SAN, { type: 'dns', value: 'reader.partner.example.org' }] }),
      '401 invalid_token',
    ],
    [
      'with the name inside another name',
      await of(partner.ca, { san: [{ type: 'url', value: `x:y, URI:${GOOD_SAN.value}, z` }] }),
      '401 invalid_token',
    ],
    ['with the name as its common name only', await of(partner.ca, { name: 'reader.partner.example.org', san: [] }), '401 invalid_token'],
    [
      'with an unknown name beside the right one',
      await of(partner.ca, { san: [{ type: 'dns', value: 'host.example.org' }, GOOD_SAN] }),
      '200',
    ],
  ];
  const found: [string, string][] = [];
  for (const [what, shown] of cases) found.push([what, await lineOf(shown)]);
  expect(found).toEqual(cases.map(([what, , expected]) => [what, expected]));
});

test("a device's own certificate of this service, with its key and clientAuth: refused by TLS", async () => {
  const { id, device } = await bringTo(stand, 'completed');
  const { der } = await stand.db.certificate.findFirstOrThrow({ where: { enrollmentId: id, kind: 'user' } });
  const pem = `-----BEGIN CERTIFICATE-----\n${Buffer.from(der).toString('base64')}\n-----END CERTIFICATE-----\n`;
  expect(await lineOf({ pem, keyPem: device.userKey.export({ format: 'pem', type: 'pkcs8' }).toString() })).toBe('refused by TLS');
});

test('a certificate that expires while its connection lives is refused at the next request', async () => {
  const shown = await of(partner.ca, { notAfter: new Date(Date.now() + 60_000) });
  expect(await lineOf(shown)).toBe('200');
  clock.ahead = 120_000;
  expect(await lineOf(shown)).toBe('401 invalid_token');
  expect(await lineOf(partner.certificates.all)).toBe('200');
  clock.ahead = 2 * DAY_MS;
  expect(await lineOf(partner.certificates.all)).toBe('401 invalid_token');
  clock.ahead = 0;
});

test('a root that expires takes the CA and the certificates below it along, although these would be valid longer', async () => {
  const longer = { notAfter: new Date(Date.now() + 3 * DAY_MS) };
  const root = await testCa('PARTNER ROOT', { notAfter: new Date(Date.now() + DAY_MS) });
  const ca = await testCa('PARTNER ISSUING CA', { issuer: root, ...longer });
  const below = await startPartnerListener(stand, () => Date.now() + clock.ahead, { ca, above: [root] });
  const shown = await testCertificate({ issuer: ca, san: [GOOD_SAN], usages: [CLIENT_AUTH], ...longer });
  const status = async () => (await below.call('GET', '/v1/users/u-1/pin', shown)).status;
  expect(await status()).toBe(200);
  clock.ahead = 2 * DAY_MS;
  expect(await status()).toBe(401);
  clock.ahead = 0;
});

test('an access token or an enrollment token beside the certificate is refused: one call, one credential', async () => {
  const { token } = await bringTo(stand, 'awaiting-pin');
  for (const authorization of [`Bearer ${await stand.issuer.token()}`, `Bearer ${token}`, 'Basic dTpw'])
    expect(await lineOf(partner.certificates.all, { authorization })).toBe('401 invalid_token');
});
