import { createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { readVectors } from '../../conformance/vectors-file.ts';
import { toEnrollmentId } from '../../contract/ids.ts';
import { KEY_TYPES } from '../../contract/key-types.ts';
import { checkChallenge, makeChallenge } from '../../core/csr/challenge.ts';
import { type CsrSubmissionInput, judgeCsr } from '../../core/csr/judge-csr.ts';
import { openEvidenceKey, publicEvidenceJwk } from '../../core/evidence/evidence-key.ts';
import { signReceipt } from '../../core/evidence/sign-receipt.ts';
import { verifyAckProof } from '../../core/evidence/verify-ack-proof.ts';
import { keyRing } from '../../core/key-ring.ts';
import { deviceHash, prehash } from '../../core/pin/pin-hash.ts';
import { pinSalt } from '../../core/pin/pin-salt.ts';
import { isWeakPin } from '../../core/pin/weak-pin.ts';
import { sealCms } from '../../core/sealing/seal-cms.ts';
import { sealJwe } from '../../core/sealing/seal-jwe.ts';
import { sealSdkKey } from '../../core/sealing/seal-sdk-key.ts';
import { makeEnrollmentToken } from '../../core/token/enrollment-token.ts';
import { verifyReceipt } from '../../sdk/acknowledge/verify-receipt.ts';
import { buildCsr } from '../../sdk/csr/build-csr.ts';
import { csrPem } from '../../sdk/csr/csr-pem.ts';
import { deliveryKeyOf, makeDeliveryKey } from '../../sdk/csr/delivery-key.ts';
import { makeUserKey } from '../../sdk/csr/user-key.ts';
import { checkPinParams, hashPin } from '../../sdk/pin/hash-pin.ts';
import { WEAK_PINS } from '../../sdk/pin/weak-pins.ts';
import { openCms } from '../../sdk/sealed-key/open-cms.ts';
import { openJwe } from '../../sdk/sealed-key/open-jwe.ts';

/* The service's own code against the same file that other SDKs are held against: neither side can drift alone. */

const vectors = readVectors();
const enrollmentId = toEnrollmentId(vectors.enrollment.enrollmentId);
const ring = ({ kid, key }: { kid: string; key: string }) => keyRing([{ kid, key: Buffer.from(key, 'hex') }]);

describe('the service computes', () => {
  test('the PIN salt of the vectors', () => {
    const { pinSalt: vector } = vectors;
    expect(Buffer.from(pinSalt({ userId: vector.userId, kid: vector.kid, keys: ring(vector) })).toString('base64url')).toBe(vector.salt);
  });

  test.each(vectors.pinHashes)('the hash of $pin (m=$params.m, t=$params.t)', async ({ pin, params, value }) => {
    const cost = { memoryKib: params.m, passes: params.t, lanes: params.p };
    expect((await deviceHash(pin, Buffer.from(params.salt, 'base64url'), cost)).toString('base64url')).toBe(value);
  });

  test('the peppered value of the vectors', () => {
    const { pinPepper: vector } = vectors;
    const value = Buffer.from(vector.value, 'base64url');
    expect(prehash({ value, userId: vector.userId, pepperKid: vector.kid, pepper: ring(vector) }).toString('hex')).toBe(vector.pre);
  });

  test('the enrollment token of the vectors', () => {
    const { enrollmentToken: vector } = vectors;
    const salt = Buffer.from(vector.salt, 'hex');
    expect(makeEnrollmentToken({ enrollmentId, salt, kid: vector.kid, keys: ring(vector) })).toBe(vector.token);
  });

  test('the challenge of the vectors, and takes it until it ends', () => {
    const { challenge: vector } = vectors;
    const keys = ring({ kid: String(Number.parseInt(vector.kid, 16)), key: vector.key });
    const expiresAt = new Date(vector.expiresAt);
    expect(makeChallenge({ enrollmentId, keys, expiresAt })).toBe(vector.value);
    expect(checkChallenge(vector.value, { enrollmentId, keys, at: new Date(vectors.enrollment.now) })).toBe('ok');
    expect(checkChallenge(vector.value, { enrollmentId, keys, at: expiresAt })).toBe('expired');
  });
});

describe.each(vectors.credentials)('with the stored ephemeral key the service seals the $keyType SDK key', (credential) => {
  const request = {
    enrollmentId,
    spki: createPublicKey(credential.sdkPrivateKey).export({ format: 'der', type: 'spki' }),
    pkcs8: Buffer.from(credential.plaintext, 'base64'),
    deliveryKey: vectors.deliveryKey.jwk,
    deliveryKid: vectors.deliveryKey.kid,
  };
  const randomness = ({ ephemeralKey, nonce, contentKey }: { ephemeralKey: string; nonce: string; contentKey: string }) => ({
    ephemeralPkcs8: createPrivateKey(ephemeralKey).export({ format: 'der', type: 'pkcs8' }),
    nonce: Buffer.from(nonce, 'hex'),
    contentKey: Buffer.from(contentKey, 'hex'),
  });

  test('as exactly the JWE of the vectors', () => {
    expect(sealJwe(request, randomness(credential.jwe))).toBe(credential.jwe.value);
  });

  test('as exactly the CMS of the vectors', () => {
    expect(Buffer.from(sealCms(request, randomness(credential.cms))).toString('base64')).toBe(credential.cms.value);
  });

  test.each(['jwe', 'cms'] as const)('with fresh randomness as a %s that the SDK opens to the same octets', (format) => {
    const { value, sha256B64u } = sealSdkKey({ ...request, format });
    const sealed = {
      value,
      enrollmentId,
      deliveryKey: deliveryKeyOf(createPrivateKey(vectors.deliveryKey.privateKey)),
      spki: credential.spki,
    };
    expect(format === 'jwe' ? openJwe(sealed) : openCms(sealed)).toEqual(request.pkcs8);
    expect(sha256B64u).not.toBe(credential[format].sha256);
  });

  test('and takes the acknowledgement proof of the vectors, but not for another enrollment', async () => {
    const sdkCertificate = new X509Certificate(credential.sdkCertificate).raw;
    const expected = { enrollmentId, sealedSha256: credential.jwe.sha256, sdkCertificate };
    await expect(verifyAckProof(credential.ackProof.jws, expected)).resolves.toBeUndefined();
    const elsewhere = { ...expected, enrollmentId: toEnrollmentId('00000000-0000-4000-8000-000000000000') };
    await expect(verifyAckProof(credential.ackProof.jws, elsewhere)).rejects.toMatchObject({ code: 'ack_proof_invalid' });
  });
});

describe.each(vectors.csrs)('the CSR gate of the service takes the $keyType CSR', (csr) => {
  const { kid, key } = vectors.challenge;
  const challengeKeys = keyRing([{ kid: String(Number.parseInt(kid, 16)), key: Buffer.from(key, 'hex') }]);
  const input = { enrollmentId, csrText: csr.pem, deliveryKey: vectors.deliveryKey.jwk, receivedAt: new Date(vectors.enrollment.now) };
  const judge = (change: Partial<CsrSubmissionInput> = {}) =>
    judgeCsr({ ...input, ...change }, { challengeKeys, allowedKeyTypes: KEY_TYPES });

  test('of the vectors, as PEM and as base64', () => {
    const spki = Buffer.from(csr.spki, 'base64');
    for (const csrText of [csr.pem, csr.der]) {
      const verdict = judge({ csrText });
      expect(verdict).toMatchObject({ ok: true, keyType: csr.keyType, deliveryKid: vectors.deliveryKey.kid });
      if (verdict.ok) expect(Buffer.from(verdict.spki)).toEqual(spki);
    }
  });

  test('that the SDK builds anew, whether its signature is long or short', () => {
    const userKey = createPrivateKey(csr.privateKey);
    const deliveryThumbprint = Buffer.from(vectors.deliveryKey.thumbprint, 'hex');
    for (let n = 0; n < 20; n++) {
      const der = buildCsr({ userKey, challenge: vectors.challenge.value, deliveryThumbprint });
      expect(judge({ csrText: csrPem(der) })).toMatchObject({ ok: true, keyType: csr.keyType });
    }
  });

  test('but not with another delivery key, after the challenge ended, or for another enrollment', () => {
    const elsewhere = toEnrollmentId('00000000-0000-4000-8000-000000000000');
    expect(judge({ deliveryKey: makeDeliveryKey().jwk })).toMatchObject({ ok: false, refusal: { code: 'delivery_key_not_bound' } });
    expect(judge({ receivedAt: new Date(vectors.challenge.expiresAt) })).toMatchObject({
      ok: false,
      refusal: { code: 'challenge_expired' },
    });
    expect(judge({ enrollmentId: elsewhere })).toMatchObject({ ok: false, refusal: { code: 'challenge_mismatch' } });
  });
});

test('the CSR gate takes what the SDK builds for every key type', { timeout: 30_000 }, async () => {
  const { kid, key, value: challenge } = vectors.challenge;
  const challengeKeys = keyRing([{ kid: String(Number.parseInt(kid, 16)), key: Buffer.from(key, 'hex') }]);
  const { jwk: deliveryKey, thumbprint } = vectors.deliveryKey;
  for (const keyType of KEY_TYPES) {
    const der = buildCsr({ userKey: await makeUserKey(keyType), challenge, deliveryThumbprint: Buffer.from(thumbprint, 'hex') });
    const input = { enrollmentId, csrText: csrPem(der), deliveryKey, receivedAt: new Date(vectors.enrollment.now) };
    expect(judgeCsr(input, { challengeKeys, allowedKeyTypes: KEY_TYPES }), keyType).toMatchObject({ ok: true, keyType });
  }
});

test('the SDK accepts a receipt that the service signs, with the claims and the header of the vectors', async () => {
  const evidence = openEvidenceKey(vectors.receipt.privateKey);
  const claims = JSON.parse(vectors.receipt.claims);
  const at = (name: string) => new Date(claims[name]);
  const facts = {
    enrollmentId: claims.enr,
    spkiSha256: claims.spki,
    deliveryKid: claims.deliveryKid,
    sealedSha256: claims.sealedSha256,
    madeAt: at('madeAt'),
    sealedAt: at('sealedAt'),
    firstDeliveredAt: at('firstDeliveredAt'),
    erasedAt: at('erasedAt'),
    plainGoneBy: at('plainGoneBy'),
    deliveries: claims.deliveries,
  };
  const receipt = await signReceipt(facts, evidence);
  const subject = { enrollmentId: claims.enr, spki: claims.spki, deliveryKid: claims.deliveryKid, sealedSha256: claims.sealedSha256 };
  expect(verifyReceipt(receipt, [publicEvidenceJwk(evidence)], subject).plainGoneBy).toBe(claims.plainGoneBy);
  expect(receipt.split('.')[0]).toBe(vectors.receipt.jws.split('.')[0]);
  expect(receipt.split('.')[1]).toBe(vectors.receipt.jws.split('.')[1]);
});

test('every PIN that the service itself refuses stands on the list of the SDK', { timeout: 30_000 }, async () => {
  const keys = ring(vectors.pinSalt);
  const { userId, kid, salt } = vectors.pinSalt;
  const cost = { memoryKib: 19_456, passes: 2, lanes: 1 };
  const params = checkPinParams({ v: 1, alg: 'argon2id', m: 19_456, t: 2, p: 1, len: 32, kid, salt });
  const weak = async (pin: string) =>
    isWeakPin({ value: Buffer.from(await hashPin(pin, params), 'base64url'), userId, kid, keys, cost, count: 5 });
  const refused = await Promise.all(WEAK_PINS.slice(0, 20).map(async (pin) => ((await weak(pin)) ? pin : undefined)));
  expect(refused.filter((pin) => pin !== undefined)).toHaveLength(5);
  expect(await weak('482913')).toBe(false);
});
