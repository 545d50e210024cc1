import { createPrivateKey, createPublicKey, diffieHellman, generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto';
import type { DeliveryKeyJwk } from '../../contract/key-types.ts';
import type { SealingRandomness } from './binding.ts';

export interface Agreement {
  /** ECDH shared secret Z: the x-coordinate, 32 octets. The caller wipes it. */
  secret: Buffer;
  /** The ephemeral public key, base64url coordinates. */
  ephemeral: { x: string; y: string };
}

export function freshRandomness(): SealingRandomness {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { ephemeralPkcs8: privateKey.export({ format: 'der', type: 'pkcs8' }), nonce: randomBytes(12), contentKey: randomBytes(32) };
}

/** One-pass ECDH, ephemeral to static, P-256 (RFC 7518 §4.6, RFC 5753 §3.1). */
export function agree(deliveryKey: DeliveryKeyJwk, ephemeralPkcs8: Uint8Array): Agreement {
  const privateKey = createPrivateKey({ key: Buffer.from(ephemeralPkcs8), format: 'der', type: 'pkcs8' });
  const publicKey = createPublicKey({ key: { ...deliveryKey }, format: 'jwk' });
  return { secret: diffieHellman({ privateKey, publicKey }), ephemeral: coordinates(createPublicKey(privateKey)) };
}

function coordinates(key: KeyObject): { x: string; y: string } {
  const { x, y } = key.export({ format: 'jwk' });
  if (x === undefined || y === undefined) throw new Error('the ephemeral key is not an EC key');
  return { x, y };
}
