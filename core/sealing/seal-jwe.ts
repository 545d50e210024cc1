import { createCipheriv, createHash } from 'node:crypto';
import { type SealingRandomness, type SealingRequest, spkiDigest } from './binding.ts';
import { type Agreement, agree } from './key-agreement.ts';

const ENC = 'A256GCM';
const KEY_BITS = 256;
const APU = Buffer.from('CS');

/**
 * Seals a PKCS#8 key as a compact JWE: ECDH-ES (direct) + A256GCM (RFC 7516, RFC 7518 §4.6). The header members stand in the order
 * alg, enc, typ, cty, kid, enr, spki, apu, apv, epk and bind the key to its enrollment, to the delivery key and to the key of the SDK
 * certificate; the SDK compares each. The same request and randomness give the same bytes. Source: protocol §3, GET credentials.
 */
export function sealJwe(request: SealingRequest, { ephemeralPkcs8, nonce }: Pick<SealingRandomness, 'ephemeralPkcs8' | 'nonce'>): string {
  const { secret, ephemeral } = agree(request.deliveryKey, ephemeralPkcs8);
  const apv = Buffer.from(`${request.enrollmentId}.${request.deliveryKid}`);
  const key = concatKdf(secret, APU, apv);
  const header = b64u(Buffer.from(JSON.stringify(protectedHeader(request, apv, ephemeral))));
  // RFC 7516 §5.1 step 14: the additional data is the ASCII of the encoded header.
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(header, 'ascii'));
  const ciphertext = Buffer.concat([cipher.update(request.pkcs8), cipher.final()]);
  secret.fill(0);
  key.fill(0);
  return [header, '', b64u(nonce), b64u(ciphertext), b64u(cipher.getAuthTag())].join('.');
}

function protectedHeader({ enrollmentId, deliveryKid, spki }: SealingRequest, apv: Uint8Array, { x, y }: Agreement['ephemeral']) {
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

/** Concat KDF (NIST SP 800-56A §5.8.1 as in RFC 7518 §4.6.2): one SHA-256 round gives the 256 bits. SuppPrivInfo is empty. */
function concatKdf(secret: Uint8Array, apu: Uint8Array, apv: Uint8Array): Buffer {
  const otherInfo = Buffer.concat([lengthPrefixed(Buffer.from(ENC)), lengthPrefixed(apu), lengthPrefixed(apv), uint32(KEY_BITS)]);
  return createHash('sha256').update(uint32(1)).update(secret).update(otherInfo).digest();
}

function lengthPrefixed(octets: Uint8Array): Buffer {
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
