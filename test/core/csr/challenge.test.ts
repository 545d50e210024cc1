import { createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { toEnrollmentId } from '../../../contract/ids.ts';
import { checkChallenge, makeChallenge } from '../../../core/csr/challenge.ts';
import { keyRing } from '../../../core/key-ring.ts';

const enrollmentId = toEnrollmentId('00112233-4455-4677-8899-aabbccddeeff');
const oldKey = { kid: '9', key: Buffer.alloc(32, 1) };
const newKey = { kid: '255', key: Buffer.alloc(32, 2) };
const expiresAt = new Date('2026-11-23T10:05:00.750Z');
const before = new Date('2026-11-23T10:04:59.999Z');

describe('the challenge of a CSR', () => {
  test('has the octets of the protocol, in lower-case hex', () => {
    const head = Buffer.from(`ff${(1_795_428_300).toString(16).padStart(16, '0')}`, 'hex');
    const signed = Buffer.concat([Buffer.from('csr-challenge-v1\0'), Buffer.from('00112233445546778899aabbccddeeff', 'hex'), head]);
    const mac = createHmac('sha256', newKey.key).update(signed).digest('hex');
    expect(makeChallenge({ enrollmentId, keys: keyRing([newKey]), expiresAt })).toBe(head.toString('hex') + mac);
  });

  test('made with a key that is no longer current still opens while the key is in the ring, and not after', () => {
    const made = makeChallenge({ enrollmentId, keys: keyRing([oldKey]), expiresAt });
    expect(checkChallenge(made, { enrollmentId, keys: keyRing([newKey, oldKey]), at: before })).toBe('ok');
    expect(checkChallenge(made, { enrollmentId, keys: keyRing([newKey]), at: before })).toBe('mismatch');
  });

  test('is good until its whole second and expired from then on', () => {
    const keys = keyRing([newKey]);
    const made = makeChallenge({ enrollmentId, keys, expiresAt });
    expect(checkChallenge(made, { enrollmentId, keys, at: before })).toBe('ok');
    expect(checkChallenge(made, { enrollmentId, keys, at: new Date('2026-11-23T10:05:00.000Z') })).toBe('expired');
  });

  test('is refused when any one of its characters is another', () => {
    const keys = keyRing([newKey]);
    const made = makeChallenge({ enrollmentId, keys, expiresAt });
    const changed = Array.from(made, (digit, i) => made.slice(0, i) + (digit === '0' ? '1' : '0') + made.slice(i + 1));
    const verdicts = changed.map((text) => checkChallenge(text, { enrollmentId, keys, at: before }));
    expect(new Set(verdicts)).toEqual(new Set(['mismatch']));
  });

  test.each(['', '256', '-1', '07', 'a', '1.5'])('is not made under key id "%s", which is no octet', (kid) => {
    expect(() => makeChallenge({ enrollmentId, keys: keyRing([{ kid, key: newKey.key }]), expiresAt })).toThrow('0 to 255');
  });
});
