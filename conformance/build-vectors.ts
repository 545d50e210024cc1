import {
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
  X509Certificate,
} from 'node:crypto';
import { makeAckProof } from '../sdk/acknowledge/make-ack-proof.ts';
import { buildCsr } from '../sdk/csr/build-csr.ts';
import { csrPem } from '../sdk/csr/csr-pem.ts';
import { csrToSign } from '../sdk/csr/csr-to-sign.ts';
import { deliveryKeyOf } from '../sdk/csr/delivery-key.ts';
import { DerReader } from '../sdk/der/read-der.ts';
import { hashPin } from '../sdk/pin/hash-pin.ts';
import { cmsUkm, cmsWrappingKey, type FixedSealing, jweHeader, jweKey, sealCmsFixed, sealJweFixed } from './seal-fixed.ts';
import { testCertificate } from './test-certificate.ts';
import type { CredentialVector, CsrVector, PinHashVector, Vectors } from './vectors-file.ts';

const ENROLLMENT = {
  enrollmentId: '0f8fad5b-d9cb-469f-a165-70867728950e',
  userId: 'u-4711',
  deviceId: 'd-0815',
  tokenId: 't-42',
  now: '2026-12-01T12:00:00.000Z',
};
const CHALLENGE_EXPIRES = new Date('2026-12-01T12:05:00.000Z');

/**
 * Builds the vectors. What is random (keys, nonces, ECDSA signatures, the certificates) is taken from `old` when there is one; the rest is
 * computed again: the result equals `old` unless the code or the file changed.
 */
export async function buildVectors(old: Vectors | undefined): Promise<Vectors> {
  const pinSalt = pinSaltVector(old);
  const pinHashes = await pinHashVectors(pinSalt.salt);
  const challenge = challengeVector(old);
  const deliveryKey = deliveryKeyVector(old);
  const csrs = csrVectors(old, challenge.value, deliveryKey.thumbprint);
  const testCa = old?.testCa ?? { root: ecPem(), issuingEc: ecPem(), issuingRsa: rsaPem() };
  const root = old?.root ?? rootCertificate(testCa.root);
  const credentials = csrs.map((csr, i) => credentialVector(old?.credentials[i], csr, { testCa, root, delivery: deliveryKey }));
  const [first] = credentials;
  if (first === undefined) throw new Error('no credentials');
  return {
    $schema: './vectors.schema.json',
    about: 'Conformance vectors of the Certificate Service, see README.md. TEST KEYS ONLY: every key in this file is public.',
    version: 1,
    enrollment: ENROLLMENT,
    pinSalt,
    pinHashes,
    pinPepper: pinPepperVector(old, pinHashes),
    enrollmentToken: tokenVector(old),
    challenge,
    deliveryKey,
    csrs,
    root,
    credentials,
    receipt: receiptVector(old, first, deliveryKey.kid),
    testCa,
  };
}

function pinSaltVector(old: Vectors | undefined): Vectors['pinSalt'] {
  const key = old?.pinSalt.key ?? hex(randomBytes(32));
  const message = Buffer.from(`pin-salt-v1\0${ENROLLMENT.userId}`);
  const salt = hmac(key, message).subarray(0, 16).toString('base64url');
  return { kid: 's1', key, userId: ENROLLMENT.userId, message: hex(message), salt };
}

/** The first is the one of protocol §3; then the derived salt, leading zeros, the longest PIN, larger parameters. */
async function pinHashVectors(derivedSalt: string): Promise<PinHashVector[]> {
  const zeroToFifteen = Buffer.from(Array.from({ length: 16 }, (_, i) => i)).toString('base64url');
  const inputs = [
    { pin: '482913', salt: zeroToFifteen, m: 19_456, t: 2 },
    { pin: '482913', salt: derivedSalt, m: 19_456, t: 2 },
    { pin: '007314', salt: derivedSalt, m: 19_456, t: 2 },
    { pin: '860952741390', salt: derivedSalt, m: 19_456, t: 3 },
    { pin: '482913', salt: derivedSalt, m: 65_536, t: 2 },
  ];
  const vectors: PinHashVector[] = [];
  for (const { pin, salt, m, t } of inputs) {
    const params = { v: 1, alg: 'argon2id', m, t, p: 1, len: 32, kid: 's1', salt };
    vectors.push({ pin, params, value: await hashPin(pin, params) });
  }
  return vectors;
}

function pinPepperVector(old: Vectors | undefined, [, derived]: readonly PinHashVector[]): Vectors['pinPepper'] {
  if (derived === undefined) throw new Error('no PIN hash with the derived salt');
  const key = old?.pinPepper.key ?? hex(randomBytes(32));
  const message = Buffer.concat([Buffer.from(`pin-v1\0${ENROLLMENT.userId}\0`), Buffer.from(derived.value, 'base64url')]);
  return { kid: 'p1', key, userId: ENROLLMENT.userId, value: derived.value, message: hex(message), pre: hex(hmac(key, message)) };
}

function tokenVector(old: Vectors | undefined): Vectors['enrollmentToken'] {
  const { key, salt } = old?.enrollmentToken ?? { key: hex(randomBytes(32)), salt: hex(randomBytes(16)) };
  const message = Buffer.concat([Buffer.from('enrollment-token-v1\0'), enrollmentOctets(), Buffer.from(salt, 'hex')]);
  return { kid: 't1', key, salt, message: hex(message), token: `cse_${hmac(key, message).toString('base64url')}` };
}

/** The key id is one octet here: the challenge carries it as such. */
function challengeVector(old: Vectors | undefined): Vectors['challenge'] {
  const key = old?.challenge.key ?? hex(randomBytes(32));
  const kid = Buffer.from([1]);
  const expiry = Buffer.alloc(8);
  expiry.writeBigUInt64BE(BigInt(CHALLENGE_EXPIRES.getTime() / 1000));
  const message = Buffer.concat([Buffer.from('csr-challenge-v1\0'), enrollmentOctets(), kid, expiry]);
  const value = hex(Buffer.concat([kid, expiry, hmac(key, message)]));
  return { kid: hex(kid), key, expiresAt: CHALLENGE_EXPIRES.toISOString(), message: hex(message), value };
}

function deliveryKeyVector(old: Vectors | undefined): Vectors['deliveryKey'] {
  const privateKey = old?.deliveryKey.privateKey ?? ecPem();
  const { jwk, thumbprint, kid } = deliveryKeyOf(createPrivateKey(privateKey));
  const { crv, kty, x, y } = jwk;
  return { privateKey, jwk, thumbprintInput: JSON.stringify({ crv, kty, x, y }), thumbprint: hex(thumbprint), kid };
}

function csrVectors(old: Vectors | undefined, challenge: string, thumbprint: string): CsrVector[] {
  return (['EC:P-256', 'RSA:2048'] as const).map((keyType, i) => {
    const before = old?.csrs[i];
    const privateKey = before?.privateKey ?? (keyType === 'EC:P-256' ? ecPem() : rsaPem());
    const input = { userKey: createPrivateKey(privateKey), challenge, deliveryThumbprint: Buffer.from(thumbprint, 'hex') };
    const spki = createPublicKey(input.userKey).export({ format: 'der', type: 'spki' });
    const info = csrToSign({ ...input, publicKey: { spki } }).octets;
    const der = keyType === 'EC:P-256' && before !== undefined ? Buffer.from(before.der, 'base64') : buildCsr(input);
    return {
      keyType,
      privateKey,
      spki: spki.toString('base64'),
      attributes: hex(attributesOf(info)),
      certificationRequestInfo: info.toString('base64'),
      der: der.toString('base64'),
      pem: csrPem(der),
    };
  });
}

function attributesOf(info: Buffer): Buffer {
  const reader = new DerReader(DerReader.one(info, 0x30).content);
  for (const tag of [0x02, 0x30, 0x30]) reader.next(tag);
  return reader.next(0xa0).encoding;
}

interface CredentialContext {
  readonly testCa: Vectors['testCa'];
  readonly root: string;
  readonly delivery: Vectors['deliveryKey'];
}

function credentialVector(old: CredentialVector | undefined, csr: CsrVector, context: CredentialContext): CredentialVector {
  const sdkPrivateKey = old?.sdkPrivateKey ?? (csr.keyType === 'EC:P-256' ? ecPem() : rsaPem());
  const sdkKey = createPrivateKey(sdkPrivateKey);
  const issued = old ?? issue(csr, createPublicKey(sdkKey), context);
  const sdkCertificate = new X509Certificate(issued.sdkCertificate);
  const plaintext = sdkKey.export({ format: 'der', type: 'pkcs8' });
  const spki = createHash('sha256')
    .update(createPublicKey(sdkKey).export({ format: 'der', type: 'spki' }))
    .digest('base64url');
  const seal = { plaintext, spki, kid: context.delivery.kid, enrollmentId: ENROLLMENT.enrollmentId };
  const deliveryPublicKey = createPublicKey(context.delivery.privateKey);
  const jwe = jweVector(old?.jwe, { ...seal, deliveryPublicKey });
  const cms = cmsVector(old?.cms, { ...seal, deliveryPublicKey });
  return {
    keyType: csr.keyType,
    sdkPrivateKey,
    sdkCertificate: issued.sdkCertificate,
    userCertificate: issued.userCertificate,
    chain: issued.chain,
    plaintext: plaintext.toString('base64'),
    spki,
    jwe,
    cms,
    ackProof: ackProofVector(old, { sdkKey, sdkCertificate, sealedSha256: jwe.sha256 }),
  };
}

type Sealing = Omit<FixedSealing, 'ephemeralKey' | 'nonce' | 'contentKey'>;

function jweVector(old: CredentialVector['jwe'] | undefined, sealing: Sealing): CredentialVector['jwe'] {
  const { ephemeralKey, nonce } = old ?? { ephemeralKey: ecPem(), nonce: hex(randomBytes(12)) };
  const input = {
    ...sealing,
    ephemeralKey: createPrivateKey(ephemeralKey),
    nonce: Buffer.from(nonce, 'hex'),
    contentKey: Buffer.alloc(32),
  };
  const value = sealJweFixed(input);
  return { ephemeralKey, nonce, header: JSON.stringify(jweHeader(input)), contentKey: hex(jweKey(input)), value, sha256: sha256(value) };
}

function cmsVector(old: CredentialVector['cms'] | undefined, sealing: Sealing): CredentialVector['cms'] {
  const { ephemeralKey, nonce, contentKey } = old ?? {
    ephemeralKey: ecPem(),
    nonce: hex(randomBytes(12)),
    contentKey: hex(randomBytes(32)),
  };
  const random = {
    ephemeralKey: createPrivateKey(ephemeralKey),
    nonce: Buffer.from(nonce, 'hex'),
    contentKey: Buffer.from(contentKey, 'hex'),
  };
  const input = { ...sealing, ...random };
  const value = sealCmsFixed(input).toString('base64');
  const point = sealing.deliveryPublicKey.export({ format: 'der', type: 'spki' }).subarray(-65);
  const recipientKeyId = createHash('sha1').update(point).digest('hex');
  const [ukm, wrappingKey] = [hex(cmsUkm(input)), hex(cmsWrappingKey(input))];
  return { ephemeralKey, nonce, contentKey, ukm, recipientKeyId, wrappingKey, value, sha256: sha256(value) };
}

function ackProofVector(
  old: CredentialVector | undefined,
  input: { sdkKey: KeyObject; sdkCertificate: X509Certificate; sealedSha256: string },
): CredentialVector['ackProof'] {
  const { enrollmentId, now } = ENROLLMENT;
  const made = makeAckProof({ ...input, enrollmentId, now: new Date(now) });
  const jws = input.sdkKey.asymmetricKeyType === 'ec' && old !== undefined ? old.ackProof.jws : made;
  return { header: textPart(made, 0), claims: textPart(made, 1), jws };
}

function receiptVector(old: Vectors | undefined, credential: CredentialVector, deliveryKid: string): Vectors['receipt'] {
  const privateKey = old?.receipt.privateKey ?? ecPem();
  const key = createPrivateKey(privateKey);
  const { kid, jwk } = deliveryKeyOf(key);
  const claims = JSON.stringify({
    enr: ENROLLMENT.enrollmentId,
    spki: credential.spki,
    deliveryKid,
    sealedSha256: credential.jwe.sha256,
    madeAt: '2026-12-01T12:01:00.000Z',
    sealedAt: '2026-12-01T12:01:00.250Z',
    firstDeliveredAt: '2026-12-01T12:01:01.000Z',
    erasedAt: '2026-12-01T12:01:02.000Z',
    plainGoneBy: '2026-12-01T12:01:00.300Z',
    deliveries: 1,
    iat: Date.parse('2026-12-01T12:01:02.000Z') / 1000,
  });
  const header = JSON.stringify({ alg: 'ES256', typ: 'cs-receipt+jws', kid });
  const signed = [header, claims].map((part) => Buffer.from(part).toString('base64url')).join('.');
  const signature = sign('sha256', Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url');
  const jwks = { keys: [{ ...jwk, kid, alg: 'ES256', use: 'sig' }] };
  const known = old?.receipt.jws.startsWith(`${signed}.`) === true ? old.receipt.jws : undefined;
  return { privateKey, jwks, header, claims, jws: known ?? `${signed}.${signature}` };
}

const ROOT_NAME = 'CS conformance TEST root';
const AUTHORITY = { notBefore: new Date('2026-11-01T00:00:00Z'), notAfter: new Date('2046-11-01T00:00:00Z'), profile: 'ca' } as const;
const DEVICE = { notBefore: new Date('2026-12-01T11:55:00Z'), notAfter: new Date('2027-12-01T11:54:59Z'), profile: 'device' } as const;

function rootCertificate(rootKey: string): string {
  const issuer = { name: ROOT_NAME, key: createPrivateKey(rootKey) };
  return testCertificate({ subject: ROOT_NAME, publicKey: createPublicKey(rootKey), issuer, serial: 1, ...AUTHORITY });
}

function issue(csr: CsrVector, sdkKey: KeyObject, { testCa, root }: CredentialContext) {
  const ec = csr.keyType === 'EC:P-256';
  const [name, key] = ec ? ['CS conformance TEST issuing EC', testCa.issuingEc] : ['CS conformance TEST issuing RSA', testCa.issuingRsa];
  const rootIssuer = { name: ROOT_NAME, key: createPrivateKey(testCa.root) };
  const issuing = testCertificate({ subject: name, publicKey: createPublicKey(key), issuer: rootIssuer, serial: ec ? 2 : 3, ...AUTHORITY });
  const device = { subject: ENROLLMENT.userId, issuer: { name, key: createPrivateKey(key) }, ...DEVICE };
  return {
    chain: [issuing, root],
    userCertificate: testCertificate({ ...device, publicKey: createPublicKey(csr.privateKey), serial: 16 }),
    sdkCertificate: testCertificate({ ...device, publicKey: sdkKey, serial: 17 }),
  };
}

function textPart(jws: string, index: number): string {
  return Buffer.from(jws.split('.')[index] ?? '', 'base64url').toString('utf8');
}

function ecPem(): string {
  return generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
}

function rsaPem(): string {
  return generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
}

function enrollmentOctets(): Buffer {
  return Buffer.from(ENROLLMENT.enrollmentId.replaceAll('-', ''), 'hex');
}

function hmac(hexKey: string, message: Uint8Array): Buffer {
  return createHmac('sha256', Buffer.from(hexKey, 'hex')).update(message).digest();
}

function sha256(text: string): string {
  return createHash('sha256').update(text, 'ascii').digest('base64url');
}

function hex(octets: Uint8Array): string {
  return Buffer.from(octets).toString('hex');
}
