import type { Payload } from '@temporalio/common';
import { defaultPayloadConverter } from '@temporalio/common';
import { describe, expect, it } from 'vitest';
import { payloadCodec } from '../../temporal/payload-codec.ts';
import { testKeys } from '../rig/test-keys.ts';

const secret = { enrollmentId: 'e-1', note: 'planted-word' };
const clear = defaultPayloadConverter.toPayload(secret);

describe('the payload codec', () => {
  it('gives back what it encrypted, and shows nothing of it', async () => {
    const codec = payloadCodec(testKeys('k1'));
    const encrypted = await only(codec.encode([clear]));
    expect(Buffer.from(encrypted.data ?? []).includes('planted-word')).toBe(false);
    expect(text(encrypted, 'encoding')).toBe('binary/encrypted');
    expect(opened(await only(codec.decode([encrypted])))).toEqual(secret);
  });

  it('encrypts the same payload to other octets each time', async () => {
    const codec = payloadCodec(testKeys('k1'));
    const [one, two] = await codec.encode([clear, clear]);
    expect(one?.data).not.toEqual(two?.data);
  });

  it('still opens what an older key made after the rotation, and makes new ones with the new key', async () => {
    const old = await only(payloadCodec(testKeys('k1')).encode([clear]));
    const rotated = payloadCodec({ current: testKeys('k2').current, get: (kid) => testKeys('k1').get(kid) });
    expect(opened(await only(rotated.decode([old])))).toEqual(secret);
    expect(text(await only(rotated.encode([clear])), 'encryption-key-id')).toBe('k2');
  });

  it('never uses the content of a clear payload: handlers get the marker', async () => {
    const decoded = await only(payloadCodec(testKeys('k1')).decode([clear]));
    expect(opened(decoded)).toEqual({ $refused: 'clear-payload' });
  });

  it('throws when the key is not known', async () => {
    const encrypted = await only(payloadCodec(testKeys('k1')).encode([clear]));
    await expect(payloadCodec(testKeys('k2')).decode([encrypted])).rejects.toThrow(/key/);
  });

  it.each([0, 12, 40, -1])('throws when the octet at %i was altered', async (at) => {
    const codec = payloadCodec(testKeys('k1'));
    const encrypted = await only(codec.encode([clear]));
    const altered = Uint8Array.from(encrypted.data ?? []);
    const index = at < 0 ? altered.length + at : at;
    altered[index] = (altered[index] ?? 0) ^ 1;
    await expect(codec.decode([{ ...encrypted, data: altered }])).rejects.toThrow();
  });

  it('throws when a payload names another key of the ring than the one that made it', async () => {
    const keys = testKeys('k1', 'k2');
    const encrypted = await only(payloadCodec(keys).encode([clear]));
    const renamed = { ...encrypted, metadata: { ...encrypted.metadata, 'encryption-key-id': Buffer.from('k2') } };
    await expect(payloadCodec(keys).decode([renamed])).rejects.toThrow();
  });

  it('throws on an encrypted payload that is too short to hold a tag', async () => {
    const encrypted = await only(payloadCodec(testKeys('k1')).encode([clear]));
    await expect(payloadCodec(testKeys('k1')).decode([{ ...encrypted, data: new Uint8Array(20) }])).rejects.toThrow(/short/);
  });
});

async function only(payloads: Promise<Payload[]>): Promise<Payload> {
  const [first] = await payloads;
  if (first === undefined) throw new Error('no payload');
  return first;
}

function opened(payload: Payload): unknown {
  return defaultPayloadConverter.fromPayload(payload);
}

function text({ metadata }: Payload, name: string): string {
  return Buffer.from(metadata?.[name] ?? []).toString();
}
