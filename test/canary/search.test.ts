import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { newPlants } from './plants.ts';
import { Search } from './search.ts';

describe('the search for residue', () => {
  test.each(newPlants().map((plant) => [plant.secret.name, plant] as const))(
    'finds what was %s, among other octets, however they are cut',
    async (_name, { secret, content }) => {
      const place = Buffer.concat([randomBytes(1_000), content, randomBytes(1_000)]);
      for (const size of [place.length, 700, 64, 7]) {
        const search = new Search([secret]);
        await search.readAll(pieces(place, size));
        expect(search.found.get(secret.name)?.size ?? 0, `pieces of ${size}`).toBeGreaterThan(0);
      }
    },
  );

  test('finds nothing where nothing is, and counts what is there once', async () => {
    const [plant] = newPlants();
    if (plant === undefined) throw new Error('there are plants');
    const search = new Search([plant.secret]);
    await search.readAll([randomBytes(100_000)]);
    expect(search.found.size).toBe(0);
    await search.readAll(pieces(Buffer.concat([randomBytes(100), plant.content, randomBytes(100)]), 20));
    // First and last half of 32 octets.
    expect(search.found.get(plant.secret.name)).toEqual(new Map([['octets', 2]]));
  });
});

function* pieces(octets: Buffer, size: number): Generator<Buffer> {
  for (let at = 0; at < octets.length; at += size) yield octets.subarray(at, at + size);
}
