import { createCipheriv, createHash } from 'node:crypto';
import { bitString, explicit, implicit, integer, octetString, oid, sequence, set } from '../asn1/write-der.ts';
import { type SealingRandomness, type SealingRequest, spkiDigest } from './binding.ts';
import { agree, uncompressedPoint } from './key-agreement.ts';

const AUTH_ENVELOPED_DATA = oid('1.2.840.113549.1.9.16.1.23');
const ID_DATA = oid('1.2.840.113549.1.7.1');
const AES256_GCM = oid('2.16.840.1.101.3.4.1.46');
const EC_PUBLIC_KEY = sequence(oid('1.2.840.10045.2.1'));
/** RFC 3565 §2.3.2: without parameters. */
const AES256_WRAP = sequence(oid('2.16.840.1.101.3.4.1.45'));
/** dhSinglePass-stdDH-sha256kdf-scheme, RFC 5753 §7.1.4. */
const STD_DH_SHA256_KDF = oid('1.3.132.1.11.1');
/** RFC 3394 §2.2.3.1. */
const WRAP_IV = Buffer.from('A6A6A6A6A6A6A6A6', 'hex');

/**
 * Seals a PKCS#8 key as CMS AuthEnvelopedData (RFC 5083) in AES-256-GCM (RFC 5084), DER, with one key-agreement recipient (RFC 5753):
 * what `openssl cms -decrypt` opens. No attributes and no originatorInfo: OpenSSL 3.0 refuses authenticated attributes here.
 * The binding to enrollment and key lies in ukm, which enters the key derivation. The same request and randomness give the same bytes.
 * Source: protocol §3, GET credentials.
 */
export function sealCms(request: SealingRequest, { ephemeralPkcs8, nonce, contentKey }: SealingRandomness): Uint8Array {
  const cipher = createCipheriv('aes-256-gcm', contentKey, nonce);
  const ciphertext = Buffer.concat([cipher.update(request.pkcs8), cipher.final()]);
  // aes-ICVlen explicit: its default is 12 (RFC 5084 §3.2), the tag has 16.
  const gcm = sequence(AES256_GCM, sequence(octetString(nonce), integer(16)));
  const content = sequence(ID_DATA, gcm, implicit(0, ciphertext));
  const recipients = set(keyAgreeRecipient(request, ephemeralPkcs8, contentKey));
  const data = sequence(integer(0), recipients, content, octetString(cipher.getAuthTag()));
  return sequence(AUTH_ENVELOPED_DATA, explicit(0, data));
}

/** KeyAgreeRecipientInfo, [1] IMPLICIT in RecipientInfo (RFC 5652 §6.2.2). */
function keyAgreeRecipient(request: SealingRequest, ephemeralPkcs8: Uint8Array, contentKey: Uint8Array): Uint8Array {
  const { secret, ephemeral } = agree(request.deliveryKey, ephemeralPkcs8);
  const ukm = userKeyingMaterial(request);
  const wrappingKey = x963Kdf(secret, eccSharedInfo(ukm));
  const wrapped = wrap(wrappingKey, contentKey);
  secret.fill(0);
  wrappingKey.fill(0);
  const originatorKey = explicit(1, EC_PUBLIC_KEY, bitString(ephemeral.point));
  const rKeyId = explicit(0, octetString(recipientKeyId(request)));
  return explicit(
    1,
    integer(3),
    explicit(0, originatorKey),
    explicit(1, octetString(ukm)),
    sequence(STD_DH_SHA256_KDF, AES256_WRAP),
    sequence(sequence(rKeyId, octetString(wrapped))),
  );
}

function userKeyingMaterial({ enrollmentId, spki }: SealingRequest): Buffer {
  return createHash('sha256')
    .update(`cs-v1|${enrollmentId}|${spkiDigest(spki)}`)
    .digest();
}

/** The method 1 of RFC 5280 §4.2.1.2 over 04 ‖ x ‖ y: SHA-1 only names the key here. */
function recipientKeyId({ deliveryKey }: SealingRequest): Buffer {
  return createHash('sha1').update(uncompressedPoint(deliveryKey)).digest();
}

/** ECC-CMS-SharedInfo (RFC 5753 §7.2): key-wrap algorithm, [0] ukm, [2] length of the wrapping key in bits as 4 octets. */
function eccSharedInfo(ukm: Uint8Array): Uint8Array {
  return sequence(AES256_WRAP, explicit(0, octetString(ukm)), explicit(2, octetString(Uint8Array.of(0, 0, 1, 0))));
}

/** X9.63 KDF with SHA-256 (SEC 1 §3.6.1): SHA-256(Z ‖ counter 1 ‖ SharedInfo); one round gives the 32 octets. */
function x963Kdf(secret: Uint8Array, sharedInfo: Uint8Array): Buffer {
  return createHash('sha256')
    .update(secret)
    .update(Uint8Array.of(0, 0, 0, 1))
    .update(sharedInfo)
    .digest();
}

/** AES key wrap (RFC 3394): 32 octets become 40. */
function wrap(wrappingKey: Uint8Array, contentKey: Uint8Array): Buffer {
  const cipher = createCipheriv('id-aes256-wrap', wrappingKey, WRAP_IV);
  return Buffer.concat([cipher.update(contentKey), cipher.final()]);
}
