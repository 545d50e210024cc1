import { execFileSync, spawnSync } from 'node:child_process';
import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { calculateJwkThumbprint, compactDecrypt, decodeProtectedHeader } from 'jose';
import { afterAll, describe, expect, test } from 'vitest';
import { readVectors } from '../../../conformance/vectors-file.ts';
import { toEnrollmentId } from '../../../contract/ids.ts';
import { DELIVERY_FORMATS, type DeliveryKeyJwk } from '../../../contract/key-types.ts';
import { readDer } from '../../../core/asn1/read-der.ts';
import type { SealingRequest } from '../../../core/sealing/binding.ts';
import { sealCms } from '../../../core/sealing/seal-cms.ts';
import { sealJwe } from '../../../core/sealing/seal-jwe.ts';
import { sealSdkKey } from '../../../core/sealing/seal-sdk-key.ts';

const vectors = readVectors();
const enrollmentId = toEnrollmentId('5f6c1f6a-95f0-4d4c-8a0f-0a4a5f5b8f10');
const delivery = ecKey();
const deliveryKey = toJwk(delivery);
const sdk = ecKey();
const request: SealingRequest = {
  enrollmentId,
  spki: createPublicKey(sdk).export({ format: 'der', type: 'spki' }),
  pkcs8: sdk.export({ format: 'der', type: 'pkcs8' }),
  deliveryKey,
  deliveryKid: await calculateJwkThumbprint(deliveryKey),
};
const sha256 = (data: Uint8Array | string) => createHash('sha256').update(data).digest('base64url');
const folder = mkdtempSync(join(tmpdir(), 'cs-sealing-'));
afterAll(() => rmSync(folder, { recursive: true }));

function ecKey() {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
}

function toJwk(key: ReturnType<typeof ecKey>): DeliveryKeyJwk {
  const { x = '', y = '' } = createPublicKey(key).export({ format: 'jwk' });
  return { kty: 'EC', crv: 'P-256', x, y };
}

describe.each(vectors.credentials)('with the randomness of the vector for $keyType', (vector) => {
  const sealed: SealingRequest = {
    enrollmentId: toEnrollmentId(vectors.enrollment.enrollmentId),
    spki: createPublicKey(vector.sdkPrivateKey).export({ format: 'der', type: 'spki' }),
    pkcs8: Buffer.from(vector.plaintext, 'base64'),
    deliveryKey: vectors.deliveryKey.jwk,
    deliveryKid: vectors.deliveryKey.kid,
  };
  const randomness = ({ ephemeralKey, nonce, contentKey }: { ephemeralKey: string; nonce: string; contentKey: string }) => ({
    ephemeralPkcs8: createPrivateKey(ephemeralKey).export({ format: 'der', type: 'pkcs8' }),
    nonce: Buffer.from(nonce, 'hex'),
    contentKey: Buffer.from(contentKey, 'hex'),
  });

  test.each(DELIVERY_FORMATS)('%s is byte for byte that of the conformance vectors, and so is its digest', (format) => {
    const { value, sha256: digest } = vector[format];
    const random = randomness(vector[format]);
    expect(sealSdkKey({ ...sealed, format }, random)).toEqual({ value, sha256B64u: digest });
    expect(random).toEqual(randomness(vector[format]));
  });
});

describe('JWE', () => {
  test('jose opens it to the very PKCS#8, with exactly the header members of the protocol in their order', async () => {
    const { value, sha256B64u } = sealSdkKey({ ...request, format: 'jwe' });
    const { plaintext, protectedHeader } = await compactDecrypt(value, delivery);
    expect(Buffer.from(plaintext)).toEqual(request.pkcs8);
    expect(sha256B64u).toBe(sha256(value));
    const { epk, ...rest } = protectedHeader;
    expect(rest).toEqual({
      alg: 'ECDH-ES',
      enc: 'A256GCM',
      typ: 'cs-key+jwe',
      cty: 'application/pkcs8',
      kid: request.deliveryKid,
      enr: enrollmentId,
      spki: sha256(request.spki),
      apu: 'Q1M',
      apv: Buffer.from(`${enrollmentId}.${request.deliveryKid}`).toString('base64url'),
    });
    expect(Object.keys(epk ?? {})).toEqual(['kty', 'crv', 'x', 'y']);
    expect(Object.keys(protectedHeader)).toEqual(['alg', 'enc', 'typ', 'cty', 'kid', 'enr', 'spki', 'apu', 'apv', 'epk']);
  });

  test.each(['alg', 'enc', 'typ', 'cty', 'kid', 'enr', 'spki', 'apu', 'apv', 'epk'])(
    'does not open with a changed header member %s',
    async (name) => {
      const { value } = sealSdkKey({ ...request, format: 'jwe' });
      const header: Record<string, unknown> = { ...decodeProtectedHeader(value) };
      header[name] = name === 'epk' ? toJwk(ecKey()) : `${String(header[name])}A`;
      const [, ...rest] = value.split('.');
      const tampered = [Buffer.from(JSON.stringify(header)).toString('base64url'), ...rest].join('.');
      await expect(compactDecrypt(tampered, delivery)).rejects.toThrow();
    },
  );

  test('does not open for another delivery key', async () => {
    await expect(compactDecrypt(sealSdkKey({ ...request, format: 'jwe' }).value, ecKey())).rejects.toThrow();
  });
});

describe('CMS', () => {
  const openssl = (der: Uint8Array, key = delivery) => {
    const [message = '', keyFile = '', out = ''] = ['message.der', 'key.pem', 'out'].map((name) => join(folder, name));
    writeFileSync(message, der);
    writeFileSync(keyFile, key.export({ format: 'pem', type: 'pkcs8' }));
    const { status } = spawnSync('openssl', [
      'cms',
      '-decrypt',
      '-binary',
      '-inform',
      'DER',
      '-in',
      message,
      '-inkey',
      keyFile,
      '-out',
      out,
    ]);
    return status === 0 ? readFileSync(out) : undefined;
  };
  const seal = (changes: Partial<SealingRequest> = {}) =>
    Buffer.from(sealSdkKey({ ...request, ...changes, format: 'cms' }).value, 'base64');

  test('openssl opens it to the very PKCS#8', () => {
    expect(openssl(seal())).toEqual(request.pkcs8);
  });

  test('openssl opens a sealed RSA-4096 key', () => {
    const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 4096 });
    const pkcs8 = privateKey.export({ format: 'der', type: 'pkcs8' });
    expect(openssl(seal({ pkcs8, spki: publicKey.export({ format: 'der', type: 'spki' }) }))).toEqual(pkcs8);
  });

  test('openssl does not open it for another delivery key', () => {
    expect(openssl(seal(), ecKey())).toBeUndefined();
  });

  test.each(['nonce', 'ukm', 'ciphertext', 'tag', 'wrapped key'])('openssl does not open it with a changed %s', (what) => {
    const der = seal();
    const at =
      {
        nonce: positions(der).nonce,
        ukm: positions(der).ukm,
        ciphertext: positions(der).ciphertext,
        tag: der.length - 1,
        'wrapped key': positions(der).wrapped,
      }[what] ?? -1;
    der[at] = (der[at] ?? 0) ^ 1;
    expect(openssl(der)).toBeUndefined();
  });

  test('it is strict DER, and openssl reads in it what the protocol says', () => {
    const der = seal();
    expect(readDer(der).raw).toHaveLength(der.length);
    writeFileSync(join(folder, 'print.der'), der);
    const text = execFileSync('openssl', ['cms', '-cmsout', '-print', '-inform', 'DER', '-in', join(folder, 'print.der')]).toString();
    for (const part of ['id-smime-ct-authEnvelopedData', 'dhSinglePass-stdDH-sha256kdf-scheme', 'id-aes256-wrap', 'aes-256-gcm'])
      expect(text).toContain(part);
    for (const absent of ['originatorInfo: <ABSENT>', 'authAttrs:\n      <ABSENT>', 'unauthAttrs:\n      <ABSENT>'])
      expect(text).toContain(absent);
  });

  test('names recipient and binding: rKeyId is SHA-1 of the point, ukm binds enrollment and SDK key', () => {
    const hex = seal().toString('hex');
    const point = Buffer.concat([Buffer.of(4), Buffer.from(deliveryKey.x, 'base64url'), Buffer.from(deliveryKey.y, 'base64url')]);
    expect(hex).toContain(createHash('sha1').update(point).digest('hex'));
    expect(hex).toContain(
      createHash('sha256')
        .update(`cs-v1|${enrollmentId}|${sha256(request.spki)}`)
        .digest('hex'),
    );
  });

  function positions(der: Buffer) {
    const inside = (bytes: Uint8Array | undefined) => (bytes === undefined ? -1 : bytes.byteOffset - der.byteOffset);
    const data = readDer(der).children[1]?.children[0];
    const recipient = data?.children[1]?.children[0];
    const content = data?.children[2];
    return {
      ukm: inside(recipient?.children[2]?.children[0]?.content),
      wrapped: inside(recipient?.children[4]?.children[0]?.children[1]?.content),
      nonce: inside(content?.children[1]?.children[1]?.children[0]?.content),
      ciphertext: inside(content?.children[2]?.content),
    };
  }
});

describe.each(DELIVERY_FORMATS)('%s', (format) => {
  test('is other bytes each time: ephemeral key and nonce are fresh', () => {
    const values = Array.from({ length: 5 }, () => sealSdkKey({ ...request, format }).value);
    expect(new Set(values).size).toBe(5);
  });

  test.each<[string, Partial<SealingRequest>, string]>([
    ['a kid that is not the thumbprint', { deliveryKid: sha256('other') }, 'thumbprint'],
    ['a point that is not on the curve', withKey({ ...deliveryKey, y: deliveryKey.x }), 'Invalid JWK'],
    ['a short coordinate', withKey({ ...deliveryKey, x: deliveryKey.x.slice(0, 40) }), '32 octets'],
    ['a coordinate with padding', withKey({ ...deliveryKey, x: `${deliveryKey.x}=` }), '32 octets'],
  ])('is not made for %s', (_title, changes, message) => {
    expect(() => sealSdkKey({ ...request, ...changes, format })).toThrow(message);
  });

  test('is not made with an ephemeral key of another curve', () => {
    const ephemeralPkcs8 = generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey.export({ format: 'der', type: 'pkcs8' });
    const random = { ephemeralPkcs8, nonce: randomBytes(12), contentKey: randomBytes(32) };
    expect(() => (format === 'jwe' ? sealJwe(request, random) : sealCms(request, random))).toThrow();
  });
});

function withKey(key: DeliveryKeyJwk): Partial<SealingRequest> {
  const { crv, kty, x, y } = key;
  return { deliveryKey: key, deliveryKid: sha256(JSON.stringify({ crv, kty, x, y })) };
}
