import { createDecipheriv, createHash } from 'node:crypto';
import { DerError, DerReader } from '../der/read-der.ts';
import { objectIdentifier, octetString, sequence, tlv } from '../der/write-der.ts';
import { agree, x963Kdf } from './agree.ts';
import { refuseSealedKey, type SealedKey } from './sealed-key.ts';

const AUTH_ENVELOPED_DATA = objectIdentifier('1.2.840.113549.1.9.16.1.23');
const DATA = objectIdentifier('1.2.840.113549.1.7.1');
const EC_PUBLIC_KEY = sequence(objectIdentifier('1.2.840.10045.2.1'));
const AES256_WRAP = sequence(objectIdentifier('2.16.840.1.101.3.4.1.45'));
const STD_DH_SHA256 = objectIdentifier('1.3.132.1.11.1');
const AES256_GCM = objectIdentifier('2.16.840.1.101.3.4.1.46');
/** RFC 3394 §2.2.3.1. */
const WRAP_IV = Buffer.from('A6A6A6A6A6A6A6A6', 'hex');

const SEQUENCE = 0x30;
const SET = 0x31;
const INTEGER = 0x02;
const OCTETS = 0x04;
const OID = 0x06;
const BITS = 0x03;

interface Message {
  readonly x: string;
  readonly y: string;
  readonly ukm: Buffer;
  readonly recipientKeyId: Buffer;
  readonly wrappedKey: Buffer;
  readonly nonce: Buffer;
  readonly ciphertext: Buffer;
  readonly tag: Buffer;
}

/**
 * Opens the SDK key sealed as CMS AuthEnvelopedData (RFC 5083, 5084, 5753) with one key-agreement recipient. rKeyId and ukm are not taken
 * from the message but computed again and compared. Returns PKCS#8 DER. Throws `sealed_key_refused`.
 */
export function openCms(sealed: SealedKey): Buffer {
  const message = readMessage(sealed.value);
  if (!message.recipientKeyId.equals(recipientKeyId(sealed))) throw refuseSealedKey('CMS rKeyId');
  if (!message.ukm.equals(userKeyingMaterial(sealed))) throw refuseSealedKey('CMS ukm');
  const secret = agree(sealed.deliveryKey.privateKey, message.x, message.y);
  const contentKey = unwrap(x963Kdf(secret, eccSharedInfo(message.ukm)), message.wrappedKey);
  return decrypt(contentKey, message);
}

/** DER of ECC-CMS-SharedInfo (RFC 5753 §7.2): key-wrap algorithm, ukm, length of the wrapping key in bits. */
export function eccSharedInfo(ukm: Uint8Array): Buffer {
  return sequence(AES256_WRAP, tlv(0xa0, octetString(ukm)), tlv(0xa2, octetString(Buffer.from([0, 0, 1, 0]))));
}

/** SHA-1 of the point 04 ‖ x ‖ y (RFC 5280 §4.2.1.2): a name, not a security property. */
function recipientKeyId({ deliveryKey: { jwk } }: SealedKey): Buffer {
  const point = Buffer.concat([Buffer.from([4]), Buffer.from(jwk.x, 'base64url'), Buffer.from(jwk.y, 'base64url')]);
  return createHash('sha1').update(point).digest();
}

function userKeyingMaterial({ enrollmentId, spki }: SealedKey): Buffer {
  return createHash('sha256').update(`cs-v1|${enrollmentId}|${spki}`).digest();
}

function readMessage(base64: string): Message {
  const der = Buffer.from(base64, 'base64');
  if (der.toString('base64') !== base64) throw refuseSealedKey('CMS is not standard base64 with padding');
  try {
    return contentInfo(der);
  } catch (error) {
    if (error instanceof DerError) throw refuseSealedKey(`CMS: ${error.message}`);
    throw error;
  }
}

function contentInfo(der: Buffer): Message {
  const info = new DerReader(DerReader.one(der, SEQUENCE).content);
  demand(info.next(OID).encoding, AUTH_ENVELOPED_DATA, 'content type');
  const explicit = info.enter(0xa0);
  info.end();
  const data = explicit.enter(SEQUENCE);
  explicit.end();
  return authEnvelopedData(data);
}

/** originatorInfo, authAttrs and unauthAttrs have no place: whatever stands there is refused by tag. */
function authEnvelopedData(data: DerReader): Message {
  demand(data.next(INTEGER).content, Buffer.from([0]), 'version');
  const recipients = data.enter(SET);
  const recipient = keyAgreeRecipient(recipients.enter(0xa1));
  recipients.end();
  const content = encryptedContent(data.enter(SEQUENCE));
  const tag = sized(data.next(OCTETS).content, 16, 'mac');
  data.end();
  return { ...recipient, ...content, tag };
}

function keyAgreeRecipient(kari: DerReader) {
  demand(kari.next(INTEGER).content, Buffer.from([3]), 'version of the recipient');
  const point = originatorPoint(kari.enter(0xa0));
  const ukmField = kari.enter(0xa1);
  const ukm = ukmField.next(OCTETS).content;
  ukmField.end();
  const algorithm = kari.enter(SEQUENCE);
  demand(algorithm.next(OID).encoding, STD_DH_SHA256, 'key agreement');
  demand(algorithm.next(SEQUENCE).encoding, AES256_WRAP, 'key wrap');
  algorithm.end();
  const keys = kari.enter(SEQUENCE);
  kari.end();
  return { ...point, ukm, ...recipientEncryptedKey(keys) };
}

function recipientEncryptedKey(keys: DerReader) {
  const only = keys.enter(SEQUENCE);
  keys.end();
  const rid = only.enter(0xa0);
  const recipientKeyId = rid.next(OCTETS).content;
  rid.end();
  const wrappedKey = sized(only.next(OCTETS).content, 40, 'wrapped key');
  only.end();
  return { recipientKeyId, wrappedKey };
}

function originatorPoint(originator: DerReader): { x: string; y: string } {
  const key = originator.enter(0xa1);
  originator.end();
  demand(key.next(SEQUENCE).encoding, EC_PUBLIC_KEY, 'algorithm of the ephemeral key');
  const bits = sized(key.next(BITS).content, 66, 'ephemeral key');
  key.end();
  demand(bits.subarray(0, 2), Buffer.from([0, 4]), 'form of the ephemeral point');
  return { x: bits.subarray(2, 34).toString('base64url'), y: bits.subarray(34).toString('base64url') };
}

function encryptedContent(content: DerReader) {
  demand(content.next(OID).encoding, DATA, 'type of the content');
  const algorithm = content.enter(SEQUENCE);
  demand(algorithm.next(OID).encoding, AES256_GCM, 'content encryption');
  const parameters = algorithm.enter(SEQUENCE);
  algorithm.end();
  const nonce = sized(parameters.next(OCTETS).content, 12, 'nonce');
  demand(parameters.next(INTEGER).content, Buffer.from([16]), 'aes-ICVlen');
  parameters.end();
  const ciphertext = content.next(0x80).content;
  content.end();
  return { nonce, ciphertext };
}

function unwrap(wrappingKey: Uint8Array, wrapped: Uint8Array): Buffer {
  const decipher = createDecipheriv('id-aes256-wrap', wrappingKey, WRAP_IV);
  try {
    return Buffer.concat([decipher.update(wrapped), decipher.final()]);
  } catch {
    throw refuseSealedKey('CMS: the wrapped key does not open');
  }
}

function decrypt(key: Uint8Array, { nonce, ciphertext, tag }: Message): Buffer {
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: 16 });
  decipher.setAuthTag(tag);
  try {
    return Buffer.concat([decipher.update(ciphertext), decipher.final()]);
  } catch {
    throw refuseSealedKey('CMS: the tag does not fit');
  }
}

function demand(found: Buffer, expected: Uint8Array, place: string): void {
  if (!found.equals(expected)) throw refuseSealedKey(`CMS ${place}`);
}

function sized(octets: Buffer, length: number, place: string): Buffer {
  if (octets.length !== length) throw refuseSealedKey(`CMS ${place} has ${octets.length} octets, not ${length}`);
  return octets;
}
