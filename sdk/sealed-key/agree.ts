import { createHash, createPublicKey, diffieHellman, type KeyObject } from 'node:crypto';
import { refuseSealedKey } from './sealed-key.ts';

/**
 * ECDH over P-256 with the ephemeral key of the sender. Coordinates are checked as octets before any key object is made: some malformed
 * points end the process in some Node versions. That the point lies on the curve is checked by OpenSSL when it imports the key.
 */
export function agree(privateKey: KeyObject, x: string, y: string): Buffer {
  return diffieHellman({ privateKey, publicKey: ephemeralKey(x, y) });
}

/** Concat KDF (NIST SP 800-56A, RFC 7518 §4.6.2): one round gives the 32 octets of an A256GCM key. */
export function concatKdf(secret: Uint8Array, apu: Uint8Array, apv: Uint8Array): Buffer {
  const info = [Buffer.from('A256GCM'), apu, apv].flatMap((part) => [uint32(part.length), part]);
  return createHash('sha256')
    .update(Buffer.concat([uint32(1), secret, ...info, uint32(256)]))
    .digest();
}

/** X9.63 KDF with SHA-256 (SEC 1 §3.6.1, RFC 5753 §7.2): one round gives 32 octets. */
export function x963Kdf(secret: Uint8Array, sharedInfo: Uint8Array): Buffer {
  return createHash('sha256')
    .update(Buffer.concat([secret, uint32(1), sharedInfo]))
    .digest();
}

function ephemeralKey(x: string, y: string): KeyObject {
  if (![x, y].every((c) => /^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/.test(c)))
    throw refuseSealedKey('ephemeral key: a coordinate of P-256 has 32 octets');
  try {
    return createPublicKey({ key: { kty: 'EC', crv: 'P-256', x, y }, format: 'jwk' });
  } catch {
    throw refuseSealedKey('ephemeral key: the point is not on the curve');
  }
}

function uint32(value: number): Buffer {
  const octets = Buffer.alloc(4);
  octets.writeUInt32BE(value);
  return octets;
}
