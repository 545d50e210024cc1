import { type KeyRing, keyRing } from '../../core/key-ring.ts';

/** TEST KEYS: 32 equal octets each, never used outside tests. */
export function testKeys(...kids: [string, ...string[]]): KeyRing {
  return keyRing(kids.map((kid, index) => ({ kid, key: new Uint8Array(32).fill(index + 1) })));
}

/** The codec keys of all tests that share a Temporal server. */
export const TEST_CODEC_KEYS: KeyRing = testKeys('test-codec-1');
