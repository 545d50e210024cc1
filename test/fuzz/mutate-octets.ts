import type { Random } from './random.ts';
import { randomOctets } from './random.ts';

/** Changes, cuts, doubles or inserts octets anywhere, one to four times; the signature stays as it was. */
export function mutateOctets(der: Uint8Array, random: Random): Uint8Array {
  let octets = [...der];
  for (let i = 0; i <= random(4); i += 1) octets = mutateOnce(octets, random);
  return Uint8Array.from(octets);
}

function mutateOnce(octets: number[], random: Random): number[] {
  const at = random(octets.length);
  switch (random(7)) {
    case 0:
      return replaced(octets, at, (octets[at] ?? 0) ^ (1 << random(8)));
    case 1:
      return replaced(octets, at, [0, 0x7f, 0x80, 0xff, 0x30, 0x31, 0xa0, 0x1f][random(8)] ?? 0);
    case 2:
      return spliced(octets, at, 1 + random(8));
    case 3:
      return spliced(octets, at, 0, ...octets.slice(at, at + 1 + random(32)));
    case 4:
      return spliced(octets, at, 0, ...randomOctets(1 + random(4), random));
    case 5:
      return [...octets, ...randomOctets(1 + random(16), random)];
    default:
      return octets.slice(0, Math.max(at, 1));
  }
}

function replaced(octets: readonly number[], at: number, octet: number): number[] {
  return octets.map((old, i) => (i === at ? octet : old));
}

function spliced(octets: readonly number[], at: number, remove: number, ...add: number[]): number[] {
  return [...octets.slice(0, at), ...add, ...octets.slice(at + remove)];
}
