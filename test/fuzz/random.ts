/** Whole numbers from 0 up to, not including, `below` (0 for `below` 0). */
export type Random = (below: number) => number;

/** Seeded, so that a failure can be found again. Source: Mulberry32. */
export function randomFrom(seed: number): Random {
  let state = Math.imul(seed + 1, 0x9e3779b1);
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return below === 0 ? 0 : ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

export function pick<T>(from: readonly [T, ...T[]], random: Random): T {
  return from[random(from.length)] ?? from[0];
}

export function randomOctets(length: number, random: Random): Uint8Array {
  return Uint8Array.from({ length }, () => random(256));
}
