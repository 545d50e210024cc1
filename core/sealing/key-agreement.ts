import { createPrivateKey, createPublicKey, diffieHellman, generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto';
import type { DeliveryKeyJwk } from '../../contract/key-types.ts';
import type { SealingRandomness } from './binding.ts';

export interface Agreement {
  /** ECDH shared secret Z: the x-coordinate, 32 octets. The caller wipes it. */
  readonly secret: Buffer;
  /** The ephemeral public key: base64url coordinates, and the point 04 ‖ x ‖ y. */
  readonly ephemeral: { readonly x: string; readonly y: string; readonly point: Uint8Array };
}

/** Never used twice: with the same ephemeral key and nonce AES-GCM would lose everything. */
export function freshRandomness(): SealingRandomness {
  const { privateKey } = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    publicKeyEncoding: { format: 'der', type: 'spki' },
    privateKeyEncoding: { format: 'der', type: 'pkcs8' },
  });
  return { ephemeralPkcs8: privateKey, nonce: randomBytes(12), contentKey: randomBytes(32) };
}

/**
 * One-pass ECDH, ephemeral to static, P-256 (RFC 7518 §4.6, RFC 5753 §3.1). Throws when a coordinate has not 32 octets or the point
 * is not on the curve (the CSR gate refused such a delivery key; here it is a fault).
 */
export function agree(deliveryKey: DeliveryKeyJwk, ephemeralPkcs8: Uint8Array): Agreement {
  const { kty, crv, x, y } = deliveryKey;
  uncompressedPoint(deliveryKey);
  const privateKey = createPrivateKey({ key: Buffer.from(ephemeralPkcs8), format: 'der', type: 'pkcs8' });
  const publicKey = createPublicKey({ key: { kty, crv, x, y }, format: 'jwk' });
  return { secret: diffieHellman({ privateKey, publicKey }), ephemeral: coordinates(createPublicKey(privateKey)) };
}

/** 04 ‖ x ‖ y, 65 octets. */
export function uncompressedPoint({ x, y }: { readonly x: string; readonly y: string }): Uint8Array {
  return Uint8Array.from([0x04, ...coordinate(x), ...coordinate(y)]);
}

function coordinate(text: string): Buffer {
  const octets = Buffer.from(text, 'base64url');
  if (octets.length !== 32 || octets.toString('base64url') !== text) throw new Error('a coordinate of P-256 is 32 octets in base64url');
  return octets;
}

function coordinates(key: KeyObject): Agreement['ephemeral'] {
  const { crv, x, y } = key.export({ format: 'jwk' });
  if (crv !== 'P-256' || x === undefined || y === undefined) throw new Error('the ephemeral key is not an EC P-256 key');
  return { x, y, point: uncompressedPoint({ x, y }) };
}
