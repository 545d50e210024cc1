import { createDecipheriv } from 'node:crypto';
import { fromBase64url } from '../base64url.ts';
import { isJsonRecord, type JsonRecord, parseJson } from '../read-json.ts';
import { agree, concatKdf } from './agree.ts';
import { refuseSealedKey, type SealedKey } from './sealed-key.ts';

/**
 * Opens the SDK key sealed as compact JWE: ECDH-ES (direct) with A256GCM (RFC 7516, RFC 7518 §4.6). Every member of the protected header is
 * compared with what this enrollment demands before the key is touched. Returns PKCS#8 DER. Throws `sealed_key_refused`.
 */
export function openJwe(sealed: SealedKey): Buffer {
  const [header = '', encryptedKey, iv = '', ciphertext = '', tag = '', ...more] = sealed.value.split('.');
  if (more.length > 0 || tag === '') throw refuseSealedKey('a compact JWE has five parts');
  if (encryptedKey !== '') throw refuseSealedKey('ECDH-ES has no encrypted key');
  const epk = checkHeader(decodeHeader(header), sealed);
  const secret = agree(sealed.deliveryKey.privateKey, epk.x, epk.y);
  const key = concatKdf(secret, Buffer.from('CS'), Buffer.from(partyV(sealed)));
  return decrypt(key, header, { iv: octets(iv, 12), ciphertext: octets(ciphertext), tag: octets(tag, 16) });
}

function checkHeader(header: JsonRecord, sealed: SealedKey): { x: string; y: string } {
  const expected: Record<string, string> = {
    alg: 'ECDH-ES',
    enc: 'A256GCM',
    typ: 'cs-key+jwe',
    cty: 'application/pkcs8',
    kid: sealed.deliveryKey.kid,
    enr: sealed.enrollmentId,
    spki: sealed.spki,
    apu: 'Q1M',
    apv: Buffer.from(partyV(sealed)).toString('base64url'),
  };
  for (const [name, value] of Object.entries(expected)) if (header[name] !== value) throw refuseSealedKey(`JWE header ${name}`);
  refuseOthers(header, [...Object.keys(expected), 'epk'], 'JWE header');
  return checkEphemeralKey(header.epk);
}

function checkEphemeralKey(epk: unknown): { x: string; y: string } {
  if (!isJsonRecord(epk) || epk.kty !== 'EC' || epk.crv !== 'P-256') throw refuseSealedKey('JWE header epk is not an EC key on P-256');
  const { x, y } = epk;
  if (typeof x !== 'string' || typeof y !== 'string') throw refuseSealedKey('JWE header epk');
  refuseOthers(epk, ['kty', 'crv', 'x', 'y'], 'JWE header epk');
  return { x, y };
}

function refuseOthers(record: JsonRecord, known: readonly string[], place: string): void {
  const other = Object.keys(record).find((name) => !known.includes(name));
  if (other !== undefined) throw refuseSealedKey(`${place}: unknown member ${other}`);
}

function decrypt(key: Uint8Array, header: string, parts: { iv: Buffer; ciphertext: Buffer; tag: Buffer }): Buffer {
  const decipher = createDecipheriv('aes-256-gcm', key, parts.iv, { authTagLength: 16 });
  decipher.setAAD(Buffer.from(header, 'ascii')).setAuthTag(parts.tag);
  try {
    return Buffer.concat([decipher.update(parts.ciphertext), decipher.final()]);
  } catch {
    throw refuseSealedKey('JWE: the tag does not fit');
  }
}

function decodeHeader(header: string): JsonRecord {
  const value = parseJson(octets(header).toString('utf8'), (message) => refuseSealedKey(`JWE header: ${message}`));
  if (!isJsonRecord(value)) throw refuseSealedKey('JWE header is not an object');
  return value;
}

/** Strict: Node skips what is not base64url, and two texts for the same octets would pass. */
function octets(text: string, length?: number): Buffer {
  const decoded = fromBase64url(text, () => refuseSealedKey('JWE: a part is not base64url'));
  if (length !== undefined && decoded.length !== length) throw refuseSealedKey(`JWE: a part has ${decoded.length} octets, not ${length}`);
  return decoded;
}

function partyV({ enrollmentId, deliveryKey }: SealedKey): string {
  return `${enrollmentId}.${deliveryKey.kid}`;
}
