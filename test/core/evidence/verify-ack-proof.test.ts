import { createHash, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { CompactSign } from 'jose';
import { describe, expect, test } from 'vitest';
import { testCertificate } from '../../../conformance/test-certificate.ts';
import { readVectors } from '../../../conformance/vectors-file.ts';
import { type AckExpectation, verifyAckProof } from '../../../core/evidence/verify-ack-proof.ts';

const KEYS = {
  ES256: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey,
  ES384: generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey,
  RS256: generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey,
};
type Alg = keyof typeof KEYS;
const ALGS = ['ES256', 'ES384', 'RS256'] as const;
const sha256 = (data: Uint8Array | string) => createHash('sha256').update(data).digest('base64url');

function certificateOf(key: KeyObject): Buffer {
  const issuer = { name: 'TEST issuer', key: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey };
  const [notBefore, notAfter] = [new Date('2026-01-01T00:00:00Z'), new Date('2046-01-01T00:00:00Z')];
  const pem = testCertificate({
    subject: 'sdk',
    publicKey: createPublicKey(key),
    issuer,
    serial: 1,
    profile: 'device',
    notBefore,
    notAfter,
  });
  return Buffer.from(pem.replaceAll(/-----.*?-----|\s/g, ''), 'base64');
}

const expectations: Record<Alg, AckExpectation> = { ES256: expectation('ES256'), ES384: expectation('ES384'), RS256: expectation('RS256') };

function expectation(alg: Alg): AckExpectation {
  return { enrollmentId: '5f6c1f6a-95f0-4d4c-8a0f-0a4a5f5b8f10', sealedSha256: sha256('sealed'), sdkCertificate: certificateOf(KEYS[alg]) };
}

function claimsOf(alg: Alg): Record<string, unknown> {
  const { enrollmentId: enr, sealedSha256, sdkCertificate } = expectations[alg];
  return { enr, sealedSha256, sdkCertSha256: sha256(sdkCertificate), iat: 1_796_126_400 };
}

const text = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value));
const encode = (value: unknown) => Buffer.from(text(value)).toString('base64url');

/** Signs whatever stands there: the refusal must come from reading, not from the signature. */
function jws(alg: Alg, header: unknown = { alg, typ: 'cs-ack+jws' }, claims: unknown = claimsOf(alg), key: KeyObject = KEYS[alg]): string {
  const signed = `${encode(header)}.${encode(claims)}`;
  const hash = alg === 'ES384' ? 'sha384' : 'sha256';
  return `${signed}.${sign(hash, Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
}

const refusal = (detail: string) => expect.objectContaining({ code: 'ack_proof_invalid', message: expect.stringContaining(detail) });

describe.each(ALGS)('a proof by %s', (alg) => {
  test('is accepted, whoever wrote it', async () => {
    await verifyAckProof(jws(alg), expectations[alg]);
    const payload = new TextEncoder().encode(JSON.stringify(claimsOf(alg)));
    await verifyAckProof(await new CompactSign(payload).setProtectedHeader({ typ: 'cs-ack+jws', alg }).sign(KEYS[alg]), expectations[alg]);
  });

  test('by another key of the same type is refused', async () => {
    const other =
      alg === 'RS256'
        ? generateKeyPairSync('rsa', { modulusLength: 2048 })
        : generateKeyPairSync('ec', { namedCurve: alg === 'ES256' ? 'P-256' : 'P-384' });
    await expect(verifyAckProof(jws(alg, undefined, undefined, other.privateKey), expectations[alg])).rejects.toEqual(refusal('signature'));
  });

  test('whose signed claims were replaced is refused', async () => {
    const [header, , signature] = jws(alg).split('.');
    const changed = [header, encode({ ...claimsOf(alg), iat: 1 }), signature].join('.');
    await expect(verifyAckProof(changed, expectations[alg])).rejects.toEqual(refusal('signature'));
  });
});

describe.each(readVectors().credentials)('the proof of the conformance vectors for $keyType', ({ ackProof, jwe, sdkCertificate }) => {
  test('is accepted', async () => {
    const der = Buffer.from(sdkCertificate.replaceAll(/-----.*?-----|\s/g, ''), 'base64');
    const expected = { enrollmentId: readVectors().enrollment.enrollmentId, sealedSha256: jwe.sha256, sdkCertificate: der };
    await expect(verifyAckProof(ackProof.jws, expected)).resolves.toBeUndefined();
  });
});

describe('a proof is refused and told why', () => {
  const good = claimsOf('ES256');
  const header = { alg: 'ES256', typ: 'cs-ack+jws' };
  const { enr: _enr, ...withoutEnr } = good;
  const { iat: _iat, ...withoutTime } = good;
  const json = JSON.stringify(good);

  test.each<[string, unknown, unknown, string]>([
    ['another alg than that of the key', { ...header, alg: 'RS256' }, good, 'header alg'],
    ['alg none', { ...header, alg: 'none' }, good, 'header alg'],
    ['another typ', { ...header, typ: 'JWT' }, good, 'header typ'],
    ['no typ', { alg: 'ES256' }, good, 'header typ is missing'],
    ['a kid in the header', { ...header, kid: 'k' }, good, 'header kid'],
    ['crit in the header', { ...header, b64: false }, good, 'header b64'],
    [
      'a key in the header',
      { ...header, jwk: createPublicKey(KEYS.ES256).export({ format: 'jwk' }) },
      good,
      'header is not a JSON object without nesting',
    ],
    ['a kid that is null', { ...header, kid: null }, good, 'header kid is null: leave it out'],
    ['a typ that is null', { ...header, typ: null }, good, 'header typ is null: give it its value'],
    ['an enr that is null', header, { ...good, enr: null }, 'claim enr is null: give it its value'],
    ['an iat that is null', header, { ...good, iat: null }, 'claim iat is null: give it the time'],
    ['an exp that is null', header, { ...good, exp: null }, 'claim exp is null: leave it out'],
    ['a header that is an array', [header], good, 'header'],
    ['no enr', header, withoutEnr, 'claim enr is missing'],
    ['another enr', header, { ...good, enr: '00000000-0000-4000-8000-000000000000' }, 'claim enr'],
    ['another sealedSha256', header, { ...good, sealedSha256: sha256('other') }, 'claim sealedSha256'],
    ['another sdkCertSha256', header, { ...good, sdkCertSha256: sha256('other') }, 'claim sdkCertSha256'],
    ['no iat', header, withoutTime, 'claim iat'],
    ['an iat in text', header, { ...good, iat: '1' }, 'claim iat'],
    ['an iat in fractions', header, { ...good, iat: 1.5 }, 'claim iat'],
    ['an iat before 1970', header, { ...good, iat: -1 }, 'claim iat'],
    ['one claim more', header, { ...good, exp: 1 }, 'claim exp'],
    ['one claim more with a name that should not be repeated', header, { ...good, '<script>': 1 }, 'claim (unprintable)'],
    ['a claim __proto__', header, json.replace('{', '{"__proto__":1,'), 'claim __proto__'],
    ['a claim that is an object', header, { ...good, enr: { enr: good['enr'] } }, 'payload is not a JSON object without nesting'],
    ['a claim twice', header, json.replace('{', '{"enr":"x",'), 'payload has a member twice'],
    ['a claim twice, once in escapes', header, json.replace('{', '{"\\u0065nr":"x",'), 'payload has a member twice'],
    ['a header member twice', '{"alg":"none","alg":"ES256","typ":"cs-ack+jws"}', good, 'header has a member twice'],
    ['claims that are not JSON', header, 'claims', 'payload is not JSON'],
    ['claims that are null', header, 'null', 'payload'],
    ['a byte order mark', header, `\uFEFF${json}`, 'payload is not JSON'],
    ['something after the claims', header, `${json}{}`, 'payload is not JSON'],
  ])('with %s', async (_title, head, claims, detail) => {
    await expect(verifyAckProof(jws('ES256', head, claims), expectations.ES256)).rejects.toEqual(refusal(detail));
  });

  const [h = '', c = '', s = ''] = jws('ES256').split('.');
  test.each([
    ['two parts', `${h}.${c}`, 'three parts'],
    ['four parts', `${h}.${c}.${s}.`, 'three parts'],
    ['nothing', '', 'three parts'],
    ['an empty signature', `${h}.${c}.`, 'signature'],
    ['padding', `${h}.${c}.${s}==`, 'signature'],
    ['white space', `${h}.${c}.${s}\n`, 'signature'],
    ['standard base64', `${h}.${c}.${'+/'.repeat(43)}`, 'signature'],
    [
      'bits that base64url does not use',
      `${h}.${Buffer.from('{}').toString('base64url').replace(/0$/, '1')}.${s}`,
      'payload is not base64url',
    ],
    ['octets that are not UTF-8', `${h}.${Buffer.from([0x7b, 0xff, 0x7d]).toString('base64url')}.${s}`, 'UTF-8'],
    ['more than 4,096 characters', `${h}.${'A'.repeat(4_096)}.${s}`, '4,096'],
  ])('in the form of %s', async (_title, proof, detail) => {
    await expect(verifyAckProof(proof, expectations.ES256)).rejects.toEqual(refusal(detail));
  });

  const head = (alg: Alg) => jws(alg).split('.').slice(0, 2).join('.');
  const digestOf = (text: string) => createHash('sha256').update(text).digest();
  test.each<[string, Alg, (input: string) => Buffer, string]>([
    [
      'ECDSA in DER',
      'ES256',
      (input) => sign('sha256', Buffer.from(input), KEYS.ES256),
      'The signature is DER, as certificates have it: a JWS by ES256 has raw r ‖ s, 64 octets',
    ],
    [
      'ECDSA in DER',
      'ES384',
      (input) => sign('sha384', Buffer.from(input), KEYS.ES384),
      'The signature is DER, as certificates have it: a JWS by ES384 has raw r ‖ s, 96 octets',
    ],
    ['a lost octet', 'ES256', (input) => p1363(Buffer.from(input)).subarray(1), 'The signature has 63 octets; by ES256 it is r ‖ s of 64'],
    ['a digest hashed again', 'ES256', (input) => p1363(digestOf(input)), 'it was hashed twice. Give the signer the text itself'],
    ['a digest hashed again', 'RS256', (input) => sign('sha256', digestOf(input), KEYS.RS256), 'it was hashed twice'],
    [
      'PSS',
      'RS256',
      (input) => sign('sha256', Buffer.from(input), { key: KEYS.RS256, padding: 6 }),
      'The signature is RSASSA-PSS (PS256): RS256 is RSASSA-PKCS1-v1_5',
    ],
    [
      'another text',
      'ES256',
      () => p1363(Buffer.from('another')),
      'does not verify with the key of the SDK certificate: sign header.payload as sent',
    ],
    [
      'another text',
      'RS256',
      () => sign('sha256', Buffer.from('another'), KEYS.RS256),
      'does not verify with the key of the SDK certificate',
    ],
  ])('with a signature that is %s (%s): its name, and what to write', async (_title, alg, signature, detail) => {
    const input = head(alg);
    const proof = `${input}.${signature(input).toString('base64url')}`;
    await expect(verifyAckProof(proof, expectations[alg])).rejects.toEqual(refusal(detail));
  });

  test('when it was made for another certificate over the same key', async () => {
    const again = { ...expectations.ES256, sdkCertificate: certificateOf(KEYS.ES256) };
    await expect(verifyAckProof(jws('ES256'), again)).rejects.toEqual(refusal('sdkCertSha256'));
  });
});

test('colons and quotes inside a text are not taken for members', async () => {
  const sealedSha256 = 'a:"b":{"c":1},\\:';
  const proof = jws('ES256', undefined, { ...claimsOf('ES256'), sealedSha256 });
  await expect(verifyAckProof(proof, { ...expectations.ES256, sealedSha256 })).resolves.toBeUndefined();
});

test('a certificate over a key that this service does not issue for is a fault, not a wrong proof', async () => {
  const key = generateKeyPairSync('ec', { namedCurve: 'P-521' }).privateKey;
  const expected = { ...expectations.ES256, sdkCertificate: certificateOf(key) };
  await expect(verifyAckProof(jws('ES256'), expected)).rejects.not.toHaveProperty('code');
});

function p1363(data: Buffer): Buffer {
  return sign('sha256', data, { key: KEYS.ES256, dsaEncoding: 'ieee-p1363' });
}
