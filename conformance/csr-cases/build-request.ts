import { createHash, createHmac, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { type EnrollmentId, enrollmentIdOctets, toEnrollmentId } from '../../contract/ids.ts';
import type { DeliveryKeyJwk, KeyType } from '../../contract/key-types.ts';
import { bitString, implicitSet, integer, NULL, oid, sequence, set, tlv, utf8String } from '../../core/asn1/write-der.ts';
import type { CsrSubmissionInput } from '../../core/csr/judge-csr.ts';

/** Builds good and hostile CSRs piece by piece. All keys are test keys, made for the run. */
export const enrollmentId = toEnrollmentId('0b6a7c1e-5d2f-4e38-9a41-7f3c2d1b0a99');
export const receivedAt = new Date('2026-11-23T10:00:00.000Z');
export const CHALLENGE_KEY = { kid: '7', key: '51'.repeat(32) };
export const challenge = challengeFor(enrollmentId, new Date(receivedAt.getTime() + 300_000));

export const ALGORITHM = {
  es256: sequence(oid('1.2.840.10045.4.3.2')),
  es384: sequence(oid('1.2.840.10045.4.3.3')),
  rs256: sequence(oid('1.2.840.113549.1.1.11'), NULL),
};

export const p256 = generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey;
export const p384 = generateKeyPairSync('ec', { namedCurve: 'secp384r1' }).privateKey;
export const rsa2048 = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
export const delivery = deliveryJwk(generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).publicKey);

/** Computed apart from the code under test (protocol §3). */
export function challengeFor(id: EnrollmentId, expiresAt: Date, { kid, key } = CHALLENGE_KEY): string {
  const head = Buffer.alloc(9);
  head.writeUInt8(Number(kid));
  head.writeBigUInt64BE(BigInt(expiresAt.getTime()) / 1_000n, 1);
  const mac = createHmac('sha256', Buffer.from(key, 'hex')).update('csr-challenge-v1\0').update(enrollmentIdOctets(id)).update(head);
  return Buffer.concat([head, mac.digest()]).toString('hex');
}

export interface Pieces {
  key?: KeyObject;
  version?: Uint8Array;
  subject?: Uint8Array;
  spki?: Uint8Array;
  /** Encoded attributes, sorted here unless `wholeAttributes` is given. */
  attributes?: Uint8Array[];
  wholeAttributes?: Uint8Array;
  algorithm?: Uint8Array;
  digest?: 'sha256' | 'sha384';
  signature?: (info: Uint8Array) => Uint8Array;
}

export function buildRequest(pieces: Pieces = {}): Uint8Array {
  const key = pieces.key ?? p256;
  const info = sequence(
    pieces.version ?? integer(0),
    pieces.subject ?? sequence(),
    pieces.spki ?? spkiOf(key),
    pieces.wholeAttributes ?? implicitSet(0, ...(pieces.attributes ?? goodAttributes())),
  );
  const signature = pieces.signature?.(info) ?? sign(pieces.digest ?? 'sha256', info, key);
  return sequence(info, pieces.algorithm ?? ALGORITHM.es256, bitString(signature));
}

export function goodAttributes(): Uint8Array[] {
  return [bindingAttribute(thumbprint(delivery)), challengeAttribute(utf8String(challenge))];
}

export function challengeAttribute(...values: Uint8Array[]): Uint8Array {
  return sequence(oid('1.2.840.113549.1.9.7'), set(...values));
}

export function bindingAttribute(content: Uint8Array): Uint8Array {
  return sequence(oid('1.2.840.113549.1.9.16.2.54'), set(tlv(0x04, content)));
}

export function extensionRequest(...extensions: Uint8Array[]): Uint8Array {
  return sequence(oid('1.2.840.113549.1.9.14'), set(sequence(...extensions)));
}

export function spkiOf(key: KeyObject): Uint8Array {
  return createPublicKey(key).export({ format: 'der', type: 'spki' });
}

export function ecSpki(point: Uint8Array, curve = '1.2.840.10045.3.1.7'): Uint8Array {
  return sequence(sequence(oid('1.2.840.10045.2.1'), oid(curve)), bitString(point));
}

/** An RSA test key; some 0.2 s for 3072 bits, a second for 4096. */
export function keyOfSize(modulusLength: number): KeyObject {
  return generateKeyPairSync('rsa', { modulusLength }).privateKey;
}

export function rsaSpki(modulus: bigint, exponent = 65_537n): Uint8Array {
  return sequence(sequence(oid('1.2.840.113549.1.1.1'), NULL), bitString(sequence(integer(modulus), integer(exponent))));
}

export function subjectWith(value: Uint8Array, type = '2.5.4.3'): Uint8Array {
  return sequence(set(sequence(oid(type), value)));
}

export function deliveryJwk(key: KeyObject): DeliveryKeyJwk {
  const { x = '', y = '' } = key.export({ format: 'jwk' });
  return { kty: 'EC', crv: 'P-256', x, y };
}

/** Computed apart from the code under test. */
export function thumbprint({ x, y }: DeliveryKeyJwk): Buffer {
  return createHash('sha256').update(`{"crv":"P-256","kty":"EC","x":"${x}","y":"${y}"}`).digest();
}

export function pem(der: Uint8Array, label = 'CERTIFICATE REQUEST', eol = '\n', width = 64): string {
  const lines = base64(der).match(new RegExp(`.{1,${width}}`, 'g')) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join(eol);
}

export function base64(der: Uint8Array): string {
  return Buffer.from(der).toString('base64');
}

/** A submission that is good but for what is given. */
export function submission(given: Partial<CsrSubmissionInput> & { der?: Uint8Array } = {}): CsrSubmissionInput {
  const { der, ...rest } = given;
  return { enrollmentId, csrText: pem(der ?? buildRequest()), deliveryKey: delivery, receivedAt, ...rest };
}

export function keyOfType(type: KeyType): { key: KeyObject; algorithm: Uint8Array; digest: 'sha256' | 'sha384' } {
  switch (type) {
    case 'EC:P-256':
      return { key: p256, algorithm: ALGORITHM.es256, digest: 'sha256' };
    case 'EC:P-384':
      return { key: p384, algorithm: ALGORITHM.es384, digest: 'sha384' };
    default:
      return { key: rsa2048, algorithm: ALGORITHM.rs256, digest: 'sha256' };
  }
}
