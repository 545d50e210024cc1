import { createECDH, createHash, createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import {
  ALGORITHM,
  bindingAttribute,
  buildRequest,
  challenge,
  challengeAttribute,
  deliveryJwk,
  extensionRequest,
  thumbprint,
} from '../../conformance/csr-cases/build-request.ts';
import { extension, unknownAttribute } from '../../conformance/csr-cases/refusal-case.ts';
import { readVectors } from '../../conformance/vectors-file.ts';
import type { DeliveryKeyJwk, KeyType } from '../../contract/key-types.ts';
import { implicit, oid, printableString, sequence, set, tlv, utf8String } from '../../core/asn1/write-der.ts';

/** A sound request and what signs it again after a mutation. The keys are the same at each run, so that a seed gives the same mutant. */
export interface BaseRequest {
  readonly keyType: KeyType;
  readonly key: KeyObject;
  readonly digest: 'sha256' | 'sha384';
  readonly algorithm: Uint8Array;
  readonly der: Uint8Array;
}

const [, rsa] = readVectors().csrs;
const names = sequence(
  implicit(2, Buffer.from('a.example')),
  implicit(6, Buffer.from('https://a.example/b')),
  implicit(7, Uint8Array.of(127, 0, 0, 1)),
);

export const fixedDelivery: DeliveryKeyJwk = deliveryJwk(createPublicKey(ecKey('prime256v1', 'delivery')));

export const BASES: readonly [BaseRequest, BaseRequest, BaseRequest] = [
  base('EC:P-256', ecKey('prime256v1', 'user'), 'sha256', ALGORITHM.es256),
  base('EC:P-384', ecKey('secp384r1', 'user'), 'sha384', ALGORITHM.es384),
  base('RSA:2048', createPrivateKey(rsa?.privateKey ?? ''), 'sha256', ALGORITHM.rs256),
];

function base(keyType: KeyType, key: KeyObject, digest: 'sha256' | 'sha384', algorithm: Uint8Array): BaseRequest {
  const der = buildRequest({ key, digest, algorithm, subject: everyString(), attributes: manyAttributes() });
  return { keyType, key, digest, algorithm, der };
}

/** All that the gate reads and ignores, so that mutations of it can still be accepted. */
function manyAttributes(): Uint8Array[] {
  return [
    bindingAttribute(thumbprint(fixedDelivery)),
    challengeAttribute(utf8String(challenge)),
    extensionRequest(extension('2.5.29.15', true), extension('2.5.29.17', false, names)),
    unknownAttribute('0500 0c0161 3006020101020102'),
  ];
}

function everyString(): Uint8Array {
  const values = [
    utf8String('Zoë'),
    printableString('A-1'),
    tlv(0x14, Buffer.from('é', 'latin1')),
    tlv(0x1e, Buffer.from('004120ac', 'hex')),
    tlv(0x16, Buffer.from('a@b')),
  ];
  return sequence(...values.map((value) => set(sequence(oid('2.5.4.3'), value))));
}

/** A test key from a name: SHA-512 of it, cut to the size of the curve, is below both orders. */
function ecKey(curve: 'prime256v1' | 'secp384r1', name: string): KeyObject {
  const size = curve === 'prime256v1' ? 32 : 48;
  const ecdh = createECDH(curve);
  const scalar = createHash('sha512').update(`fuzz TEST key ${curve} ${name}`).digest().subarray(0, size);
  scalar.writeUInt8(0x01);
  ecdh.setPrivateKey(scalar);
  const point = ecdh.getPublicKey();
  const [x, y] = [point.subarray(1, 1 + size), point.subarray(1 + size)].map((part) => part.toString('base64url'));
  const jwk = { kty: 'EC', crv: size === 32 ? 'P-256' : 'P-384', x: x ?? '', y: y ?? '', d: scalar.toString('base64url') };
  return createPrivateKey({ key: jwk, format: 'jwk' });
}
