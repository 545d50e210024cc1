import { generateKeyPairSync, sign } from 'node:crypto';
import { expect, test } from 'vitest';
import { verifyReceipt } from '../../sdk/acknowledge/verify-receipt.ts';

/* What the header of a receipt must not say; its claims and signature are good. */

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const { x = '', y = '' } = publicKey.export({ format: 'jwk' });
const keys = [{ kid: 'e1', kty: 'EC', crv: 'P-256', x, y }];
const subject = { enrollmentId: '4ace17f3-0000-4000-8000-000000000000', spki: 's', deliveryKid: 'k', sealedSha256: 'h' };
const time = '2026-12-01T12:00:00.000Z';
const { enrollmentId: enr, ...rest } = subject;
const claims = {
  enr,
  ...rest,
  madeAt: time,
  sealedAt: time,
  firstDeliveredAt: time,
  erasedAt: time,
  plainGoneBy: time,
  deliveries: 1,
  iat: Date.parse(time) / 1_000,
};

function receipt(header: object): string {
  const encoded = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const signed = `${encoded({ alg: 'ES256', typ: 'cs-receipt+jws', kid: 'e1', ...header })}.${encoded(claims)}`;
  return `${signed}.${sign('sha256', Buffer.from(signed), { key: privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
}

test('a receipt with the header of the protocol is good', () => {
  expect(verifyReceipt(receipt({}), keys, subject)).toMatchObject(subject);
});

test.each([{ crit: ['b64'], b64: true }, { crit: ['x'], x: 1 }, { crit: [] }, { crit: null }])('with %j it is refused', (header) => {
  expect(() => verifyReceipt(receipt(header), keys, subject)).toThrow('its header has crit');
});

test.each([{ alg: 'none' }, { typ: 'JWT' }, { kid: 'e2' }])('with %j it is refused', (header) => {
  expect(() => verifyReceipt(receipt(header), keys, subject)).toThrow('the destruction receipt is refused');
});
