import { existsSync, writeFileSync } from 'node:fs';
import { WEAK_PINS } from '../sdk/pin/weak-pins.ts';
import { buildVectors } from './build-vectors.ts';
import { readVectors, VECTORS_FILE } from './vectors-file.ts';

/*
 * npx tsx conformance/make-vectors.ts
 * Writes vectors.json and weak-pins.json again. Keys and signatures of an existing vectors.json are kept, so without a change of the
 * protocol the files stay the same; delete vectors.json to draw new keys.
 */
const vectors = await buildVectors(existsSync(VECTORS_FILE) ? readVectors() : undefined);
writeFileSync(VECTORS_FILE, `${JSON.stringify(vectors, undefined, 2)}\n`);
writeFileSync(new URL('./weak-pins.json', import.meta.url), `${JSON.stringify(WEAK_PINS, undefined, 1)}\n`);
