import { createCipheriv, createDecipheriv, hkdfSync, randomBytes, timingSafeEqual } from 'node:crypto';
import { fromBase64url } from '../base64url.ts';
import { JsonReader, parseJson } from '../read-json.ts';
import { SdkError } from '../sdk-error.ts';

/** Of the file format. A card of another version is refused, never guessed at. */
const VERSION = 1;

/**
 * Encrypts the content of a card: AES-256-GCM under HKDF-SHA-256(device secret, random salt). Every write has its own salt and so its own
 * key: a nonce can never repeat under one key. Version, salt and check value are authenticated as associated data.
 */
export function encryptCard(deviceSecret: Uint8Array, content: Uint8Array): Buffer {
  const salt = randomBytes(32);
  const head = { version: VERSION, salt: salt.toString('base64url'), check: checkValue(deviceSecret, salt).toString('base64url') };
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', contentKey(deviceSecret, salt), nonce);
  cipher.setAAD(Buffer.from(JSON.stringify(head)));
  const sealed = Buffer.concat([cipher.update(content), cipher.final(), cipher.getAuthTag()]);
  return Buffer.from(JSON.stringify({ ...head, nonce: nonce.toString('base64url'), sealed: sealed.toString('base64url') }));
}

/** Throws `card_version`, `card_wrong_secret` or `card_damaged`; tells the last two apart by the check value. */
export function decryptCard(deviceSecret: Uint8Array, file: Uint8Array): Buffer {
  const reader = new JsonReader(parseJson(Buffer.from(file).toString('utf8'), damaged), damaged);
  if (reader.number('version') !== VERSION)
    throw new SdkError('card_version', `the card has version ${reader.number('version')}, known is ${VERSION}`);
  const salt = octetsOf(reader, 'salt');
  const check = octetsOf(reader, 'check');
  const expected = checkValue(deviceSecret, salt);
  if (check.length !== expected.length || !timingSafeEqual(check, expected)) {
    throw new SdkError('card_wrong_secret', 'this device secret does not open the card');
  }
  const head = { version: VERSION, salt: reader.text('salt'), check: reader.text('check') };
  return openContent(contentKey(deviceSecret, salt), JSON.stringify(head), reader);
}

function openContent(key: Uint8Array, head: string, reader: JsonReader): Buffer {
  const sealed = octetsOf(reader, 'sealed');
  const nonce = octetsOf(reader, 'nonce');
  if (sealed.length < 16 || nonce.length !== 12) throw damaged('too short');
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: 16 });
    decipher.setAAD(Buffer.from(head));
    decipher.setAuthTag(sealed.subarray(-16));
    return Buffer.concat([decipher.update(sealed.subarray(0, -16)), decipher.final()]);
  } catch {
    throw damaged('its content was changed');
  }
}

function octetsOf(reader: JsonReader, name: string): Buffer {
  return fromBase64url(reader.text(name), () => damaged(`${name} is not base64url`));
}

function contentKey(secret: Uint8Array, salt: Uint8Array): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, salt, 'cs-virtual-card-v1 content', 32));
}

/** Says "wrong secret" instead of "damaged"; tells nothing about a secret of 256 random bits. */
function checkValue(secret: Uint8Array, salt: Uint8Array): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, salt, 'cs-virtual-card-v1 check', 16));
}

function damaged(message: string): SdkError {
  return new SdkError('card_damaged', `the card file is damaged: ${message}`);
}
