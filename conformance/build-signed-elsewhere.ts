import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { KEY_TYPES, type KeyType } from '../contract/key-types.ts';
import { type CsrToSign, csrToSign } from '../sdk/csr/csr-to-sign.ts';
import { finishCsr } from '../sdk/csr/finish-csr.ts';
import { DerReader } from '../sdk/der/read-der.ts';
import { refusedSignatures } from './refused-signatures.ts';
import type { SignatureVector, SignedElsewhere, SignedElsewhereVector } from './signed-elsewhere-file.ts';
import type { Vectors } from './vectors-file.ts';

/**
 * Builds the vectors of requests whose signer lies outside the SDK, with challenge and delivery key of `vectors`. Keys and ECDSA signatures are
 * taken from `old` when there is one; the rest is computed again.
 */
export function buildSignedElsewhere(vectors: Vectors, old: SignedElsewhere | undefined): SignedElsewhere {
  const { jwk, thumbprint } = vectors.deliveryKey;
  const bound = { challenge: vectors.challenge.value, deliveryThumbprint: Buffer.from(thumbprint, 'hex') };
  const requests = KEY_TYPES.map((type) =>
    requestVector(
      type,
      bound,
      old?.requests.find(({ keyType }) => keyType === type),
    ),
  );
  return {
    $schema: './signed-elsewhere.schema.json',
    about: 'CSRs signed by a key outside the SDK, see README.md. TEST KEYS ONLY: every key in this file is public.',
    version: 1,
    challenge: bound.challenge,
    deliveryKey: jwk,
    deliveryThumbprint: thumbprint,
    requests,
    refused: refusedSignatures(requests),
  };
}

interface Bound {
  readonly challenge: string;
  readonly deliveryThumbprint: Buffer;
}

function requestVector(keyType: KeyType, bound: Bound, old: SignedElsewhereVector | undefined): SignedElsewhereVector {
  const privateKey = old?.privateKey ?? newKey(keyType);
  const key = createPrivateKey(privateKey);
  const spki = createPublicKey(key).export({ format: 'der', type: 'spki' });
  const toSign = csrToSign({ publicKey: { spki }, ...bound });
  return {
    keyType,
    privateKey,
    publicKey: { spki: spki.toString('base64'), jwk: jwkOf(key) },
    hash: toSign.hash,
    certificationRequestInfo: toSign.octets.toString('base64'),
    signatures: keyType.startsWith('EC') ? ecdsaVectors(key, toSign, old) : [rsaVector(key, toSign)],
  };
}

/** Members in the order of RFC 7638, so that the file is the same each time. */
function jwkOf(key: KeyObject): Record<string, string> {
  const jwk = Object.entries(createPublicKey(key).export({ format: 'jwk' }));
  return Object.fromEntries(jwk.toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([name, value]) => [name, String(value)]));
}

/** Where a conversion between the forms goes wrong: a first octet of 80 or more wants a zero before it, one of 00 must go. */
const SHAPES: readonly [what: string, fits: (r: Buffer, s: Buffer) => boolean][] = [
  ['r and s have their highest bit set', (r, s) => first(r) >= 0x80 && first(s) >= 0x80],
  ['r and s are below 80', (r, s) => first(r) < 0x80 && first(s) < 0x80 && first(r) > 0 && first(s) > 0],
  ['r begins with an octet of zeros', (r) => first(r) === 0],
  ['s begins with an octet of zeros', (_r, s) => first(s) === 0],
];

function ecdsaVectors(key: KeyObject, toSign: CsrToSign, old: SignedElsewhereVector | undefined): SignatureVector[] {
  return SHAPES.map(([what, fits]) => {
    const raw = old?.signatures.find((signature) => signature.what === what)?.raw ?? rawOfShape(key, toSign, fits).toString('hex');
    const { der, pem } = finishCsr({ octets: toSign.octets, signature: Buffer.from(raw, 'hex'), form: 'raw' });
    return { what, raw, der: signatureIn(der).toString('hex'), csr: der.toString('base64'), pem };
  });
}

/** By trying: one signature in 256 begins so. */
function rawOfShape(key: KeyObject, { octets, hash }: CsrToSign, fits: (r: Buffer, s: Buffer) => boolean): Buffer {
  for (;;) {
    const raw = sign(digestOf(hash), octets, { key, dsaEncoding: 'ieee-p1363' });
    const half = raw.length / 2;
    if (fits(raw.subarray(0, half), raw.subarray(half))) return raw;
  }
}

function rsaVector(key: KeyObject, { octets, hash }: CsrToSign): SignatureVector {
  const signature = sign(digestOf(hash), octets, key);
  const { der, pem } = finishCsr({ octets, signature, form: 'pkcs1' });
  return { what: 'PKCS#1 v1.5 gives the same octets each time', pkcs1: signature.toString('hex'), csr: der.toString('base64'), pem };
}

function signatureIn(csr: Buffer): Buffer {
  const request = new DerReader(DerReader.one(csr, 0x30).content);
  for (const tag of [0x30, 0x30]) request.next(tag);
  return request.next(0x03).content.subarray(1);
}

/** Node's name of it. */
function digestOf(hash: CsrToSign['hash']): string {
  return hash.replace('-', '').toLowerCase();
}

function first(octets: Buffer): number {
  return octets[0] ?? 0;
}

function newKey(type: KeyType): string {
  const pair = type.startsWith('EC')
    ? generateKeyPairSync('ec', { namedCurve: type.slice(3) })
    : generateKeyPairSync('rsa', { modulusLength: Number(type.slice(4)) });
  return pair.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
}
