import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { Payload, PayloadCodec } from '@temporalio/common';
import proto from '@temporalio/proto';
import type { KeyRing } from '../core/key-ring.ts';

const { Payload: PayloadMessage } = proto.temporal.api.common.v1;
const ENCODING = 'binary/encrypted';
const NONCE_OCTETS = 12;
const TAG_OCTETS = 16;
const text = new TextEncoder();

/**
 * Encrypts every payload with AES-256-GCM under the current key and names the key in the metadata (protocol §7). On decode the content
 * of a CLEAR payload is never used: it becomes a marker that handlers refuse as malformed (a codec that threw there would let one
 * hand-sent signal block a run for ever). A wrong tag or an unknown key throws.
 */
export function payloadCodec(keys: KeyRing): PayloadCodec {
  return {
    encode: async (payloads) => payloads.map((payload) => encrypt(keys, payload)),
    decode: async (payloads) => payloads.map((payload) => (isEncrypted(payload) ? decrypt(keys, payload) : refusedMarker())),
  };
}

/** For people who look at a history: encrypted payloads opened, clear ones as they are. */
export function decryptForDisplay(keys: KeyRing, payload: Payload): Payload {
  return isEncrypted(payload) ? decrypt(keys, payload) : payload;
}

export function encrypt(keys: KeyRing, payload: Payload): Payload {
  const { kid, key } = keys.current;
  const nonce = randomBytes(NONCE_OCTETS);
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(additionalData(kid));
  const plain = PayloadMessage.encode(payload).finish();
  const data = Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
  return { metadata: { encoding: text.encode(ENCODING), 'encryption-key-id': text.encode(kid) }, data };
}

function decrypt(keys: KeyRing, { metadata, data }: Payload): Payload {
  const kid = Buffer.from(metadata?.['encryption-key-id'] ?? []).toString();
  const key = keys.get(kid);
  if (key === undefined) throw new Error('the key of this payload is not known (any more)');
  const octets = Buffer.from(data ?? []);
  if (octets.length < NONCE_OCTETS + TAG_OCTETS) throw new Error('an encrypted payload is too short');
  const decipher = createDecipheriv('aes-256-gcm', key, octets.subarray(0, NONCE_OCTETS), { authTagLength: TAG_OCTETS })
    .setAAD(additionalData(kid))
    .setAuthTag(octets.subarray(-TAG_OCTETS));
  const plain = Buffer.concat([decipher.update(octets.subarray(NONCE_OCTETS, -TAG_OCTETS)), decipher.final()]);
  return PayloadMessage.decode(plain);
}

function additionalData(kid: string): Uint8Array {
  return text.encode(`cs-payload-v1\0${kid}`);
}

function isEncrypted({ metadata }: Payload): boolean {
  return Buffer.from(metadata?.['encoding'] ?? []).toString() === ENCODING;
}

/** No handler takes this for an argument: it has none of their members. */
function refusedMarker(): Payload {
  return { metadata: { encoding: text.encode('json/plain') }, data: text.encode('{"$refused":"clear-payload"}') };
}
