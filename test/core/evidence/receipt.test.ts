import { createHash, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { calculateJwkThumbprint, compactVerify } from 'jose';
import { describe, expect, test } from 'vitest';
import { readVectors } from '../../../conformance/vectors-file.ts';
import { openEvidenceKey, publicEvidenceJwk } from '../../../core/evidence/evidence-key.ts';
import type { ReceiptFacts } from '../../../core/evidence/receipt-claims.ts';
import { signReceipt } from '../../../core/evidence/sign-receipt.ts';
import { verifyReceipt } from '../../../core/evidence/verify-receipt.ts';
import { otherSpellings } from '../../rig/other-spellings.ts';

const privateKey = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
const pemOf = (key: KeyObject) => key.export({ format: 'pem', type: 'pkcs8' }).toString();
const evidence = openEvidenceKey(pemOf(privateKey));
const jwk = publicEvidenceJwk(evidence);
const facts: ReceiptFacts = {
  enrollmentId: '5f6c1f6a-95f0-4d4c-8a0f-0a4a5f5b8f10',
  spkiSha256: createHash('sha256').update('spki').digest('base64url'),
  deliveryKid: createHash('sha256').update('kid').digest('base64url'),
  sealedSha256: createHash('sha256').update('sealed').digest('base64url'),
  madeAt: new Date('2026-12-01T12:01:00.000Z'),
  sealedAt: new Date('2026-12-01T12:01:00.250Z'),
  firstDeliveredAt: new Date('2026-12-01T12:01:01.000Z'),
  erasedAt: new Date('2026-12-01T12:01:02.999Z'),
  plainGoneBy: new Date('2026-12-01T12:01:00.300Z'),
  deliveries: 2,
};
const receipt = await signReceipt(facts, evidence);
const part = (index: number): unknown => JSON.parse(Buffer.from(receipt.split('.')[index] ?? '', 'base64url').toString());

describe('the evidence key', () => {
  test('has its RFC 7638 thumbprint as key id, and a public half without a private part', async () => {
    expect(evidence.kid).toBe(await calculateJwkThumbprint(createPublicKey(privateKey).export({ format: 'jwk' })));
    expect(Object.keys(jwk).toSorted()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y']);
    expect(jwk).toMatchObject({ kty: 'EC', crv: 'P-256', kid: evidence.kid, alg: 'ES256', use: 'sig' });
  });

  const sec1 = privateKey.export({ format: 'pem', type: 'sec1' }).toString();
  const encrypted = privateKey.export({ format: 'pem', type: 'pkcs8', cipher: 'aes-256-cbc', passphrase: 'test' }).toString();
  test.each([
    ['P-384', pemOf(generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey)],
    ['RSA', pemOf(generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey)],
    ['Ed25519', pemOf(generateKeyPairSync('ed25519').privateKey)],
    ['a public key', createPublicKey(privateKey).export({ format: 'pem', type: 'spki' }).toString()],
    ['SEC 1 instead of PKCS#8', sec1],
    ['an encrypted key', encrypted],
    ['broken PEM', '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n'],
    ['nothing', ''],
  ])('is not %s', (_title, pem) => {
    expect(() => openEvidenceKey(pem)).toThrow(/^The evidence key must be an EC P-256 private key/);
  });
});

describe('a destruction receipt', () => {
  test('is an ES256 JWS with exactly the header and claims of the protocol', async () => {
    await expect(compactVerify(receipt, createPublicKey(privateKey), { algorithms: ['ES256'] })).resolves.toBeDefined();
    // Its very octets: receipts that are kept are compared with such.
    const header = `{"alg":"ES256","typ":"cs-receipt+jws","kid":"${evidence.kid}"}`;
    expect(receipt.split('.')[0]).toBe(Buffer.from(header).toString('base64url'));
    expect(part(1)).toEqual({
      enr: facts.enrollmentId,
      spki: facts.spkiSha256,
      deliveryKid: facts.deliveryKid,
      sealedSha256: facts.sealedSha256,
      madeAt: '2026-12-01T12:01:00.000Z',
      sealedAt: '2026-12-01T12:01:00.250Z',
      firstDeliveredAt: '2026-12-01T12:01:01.000Z',
      erasedAt: '2026-12-01T12:01:02.999Z',
      plainGoneBy: '2026-12-01T12:01:00.300Z',
      deliveries: 2,
      iat: Date.parse('2026-12-01T12:01:02.000Z') / 1_000,
    });
  });

  test('verifies with the published keys, also when its key is an older one', async () => {
    const newer = publicEvidenceJwk(openEvidenceKey(pemOf(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey)));
    expect(await verifyReceipt(receipt, [newer, jwk])).toEqual({ ok: true, claims: part(1) });
  });

  test('that is in the conformance vectors verifies', async () => {
    const { jws, jwks, claims } = readVectors().receipt;
    const [{ x = '', y = '', kid = '' } = {}] = jwks.keys;
    const key = { kty: 'EC', crv: 'P-256', x, y, kid, alg: 'ES256', use: 'sig' } as const;
    expect(await verifyReceipt(jws, [key])).toEqual({ ok: true, claims: JSON.parse(claims) });
  });
});

describe('a receipt is not believed', () => {
  const header = { alg: 'ES256', typ: 'cs-receipt+jws', kid: evidence.kid };
  const claims = Object(part(1));
  const { deliveries: _deliveries, ...fewer } = claims;
  const forged = (head: object, body: object, key = privateKey) => {
    const signed = [head, body].map((it) => Buffer.from(JSON.stringify(it)).toString('base64url')).join('.');
    return `${signed}.${sign('sha256', Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
  };

  test('the forger of these tests makes good ones too', async () => {
    expect(await verifyReceipt(forged(header, claims), [jwk])).toMatchObject({ ok: true });
  });

  test('whose two clocks differ by less than five minutes is believed, also one of a release that stated the end of a bound', async () => {
    const fast = forged(header, { ...claims, firstDeliveredAt: '2026-12-01T11:56:01.000Z' });
    const bound = forged(header, { ...claims, plainGoneBy: '2026-12-01T12:02:00.000Z' });
    expect(await Promise.all([fast, bound].map((text) => verifyReceipt(text, [jwk])))).toMatchObject([{ ok: true }, { ok: true }]);
  });

  const stranger = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  test.each<[string, string, string]>([
    ['another typ', forged({ ...header, typ: 'cs-ack+jws' }, claims), 'typ'],
    ['another alg', forged({ ...header, alg: 'RS256' }, claims), 'alg'],
    ['a kid that is not published', forged({ ...header, kid: 'other' }, claims), 'kid'],
    ['no kid', forged({ alg: 'ES256', typ: 'cs-receipt+jws' }, claims), 'kid'],
    ['one header member more', forged({ ...header, b64: true }, claims), 'header'],
    ['one claim less', forged(header, fewer), 'deliveries'],
    ['one claim more', forged(header, { ...claims, exp: 1 }), 'payload'],
    ['a time in another form', forged(header, { ...claims, madeAt: '2026-12-01T12:01:00Z' }), 'madeAt'],
    ['a time that is none', forged(header, { ...claims, erasedAt: 'soon' }), 'erasedAt'],
    ['a count in text', forged(header, { ...claims, deliveries: '2' }), 'deliveries'],
    ['a digest that is a number', forged(header, { ...claims, spki: 1 }), 'spki'],
    ['a key that was sealed before it was made', forged(header, { ...claims, sealedAt: '2026-12-01T12:00:59.999Z' }), 'before madeAt'],
    ['a plaintext that was gone before', forged(header, { ...claims, plainGoneBy: '2026-12-01T12:01:00.249Z' }), 'before sealedAt'],
    ['a plaintext that outlived its thread', forged(header, { ...claims, plainGoneBy: '2026-12-01T12:02:06.000Z' }), 'thread lives'],
    ['a delivery long before', forged(header, { ...claims, firstDeliveredAt: '2026-12-01T11:56:00.249Z' }), 'before sealedAt'],
    ['a delivery after the end', forged(header, { ...claims, firstDeliveredAt: '2026-12-01T12:01:03.000Z' }), 'before firstDelivered'],
    ['a signature of another day', forged(header, { ...claims, iat: claims.iat - 86_400 }), 'iat'],
    ['no delivery', forged(header, { ...claims, deliveries: 0 }), 'never delivered'],
    ['the signature of a stranger', forged(header, claims, stranger), 'signature'],
    ['a changed claim', replaceClaims(receipt, { ...claims, deliveries: 1 }), 'signature'],
    ['another spelling of its signature', otherSpellings(receipt)[0] ?? '', 'base64url'],
    ['no form at all', 'receipt', 'three parts'],
  ])('with %s', async (_title, text, reason) => {
    expect(await verifyReceipt(text, [jwk])).toEqual({ ok: false, reason: expect.stringContaining(reason) });
  });

  function replaceClaims(jws: string, changed: object): string {
    const [head, , signature] = jws.split('.');
    return [head, Buffer.from(JSON.stringify(changed)).toString('base64url'), signature].join('.');
  }
});
