import { createCipheriv, createHash } from 'node:crypto';
import { type SealingRandomness, type SealingRequest, spkiDigest } from './binding.ts';
import { agree } from './key-agreement.ts';

const ENC = 'A256GCM';
const KEY_BITS = 256;
const APU = Buffer.from('CS');

/**
 * Seals a PKCS#8 key as a compact JWE: ECDH-ES (direct) + A256GCM (RFC 7516, RFC 7518 §4.6). Every header member binds the key to its
 * enrollment, to the delivery key and to the certificate's key; the SDK compares each.
 */
export function sealJwe(request: SealingRequest, { ephemeralPkcs8, nonce }: SealingRandomness): string {
  const { secret, ephemeral } = agree(request.deliveryKey, ephemeralPkcs8);
  const apv = Buffer.from(`${request.enrollmentId}.${request.deliveryKid}`);
  const key = concatKdf(secret, APU, apv);
  const header = Buffer.from(JSON.stringify(protectedHeader(request, apv, ephemeral))).toString('base64url');
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(header));
  const ciphertext = Buffer.concat([cipher.update(request.pkcs8), cipher.final()]);
  secret.fill(0);
  key.fill(0);
  return [header, '', b64u(nonce), b64u(ciphertext), b64u(cipher.getAuthTag())].join('.');
}

function protectedHeader({ enrollmentId, deliveryKid, spki }: SealingRequest, apv: Buffer, { x, y }: { x: string; y: string }) {
  return {
    alg: 'ECDH-ES',
    enc: ENC,
    typ: 'cs-key+jwe',
    cty: 'application/pkcs8',
    kid: deliveryKid,
    enr: enrollmentId,
    spki: spkiDigest(spki),
    apu: b64u(APU),
    apv: b64u(apv),
    epk: { kty: 'EC', crv: 'P-256', x, y },
  };
}

/** Concat KDF (NIST SP 800-56A §5.8.1 as in RFC 7518 §4.6.2): one SHA-256 round gives the 256 bits. */
function concatKdf(secret: Buffer, apu: Buffer, apv: Buffer): Buffer {
  const otherInfo = [lengthPrefixed(Buffer.from(ENC)), lengthPrefixed(apu), lengthPrefixed(apv), uint32(KEY_BITS)];
  return createHash('sha256').update(uint32(1)).update(secret).update(Buffer.concat(otherInfo)).digest();
}

function lengthPrefixed(octets: Buffer): Buffer {
  return Buffer.concat([uint32(octets.length), octets]);
}

function uint32(value: number): Buffer {
  const octets = Buffer.alloc(4);
  octets.writeUInt32BE(value);
  return octets;
}

function b64u(octets: Uint8Array): string {
  return Buffer.from(octets).toString('base64url');
}
