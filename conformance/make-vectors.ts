import { existsSync, writeFileSync } from 'node:fs';
import { WEAK_PINS } from '../sdk/pin/weak-pins.ts';
import { buildSignedElsewhere } from './build-signed-elsewhere.ts';
import { buildVectors } from './build-vectors.ts';
import { makeCsrCases } from './csr-cases/make-csr-cases.ts';
import { CSR_CASES_FILE, readCsrCases } from './csr-cases-file.ts';
import { readSignedElsewhere, SIGNED_ELSEWHERE_FILE } from './signed-elsewhere-file.ts';
import { readVectors, VECTORS_FILE } from './vectors-file.ts';

/*
 * npx tsx conformance/make-vectors.ts
 * Writes vectors.json, signed-elsewhere.json, weak-pins.json and csr-cases.json again. Keys and signatures of existing files are kept, so without a change of the
 * protocol or the cases the files stay the same; delete vectors.json, signed-elsewhere.json or csr-cases.json to draw new keys.
 */
const vectors = await buildVectors(existsSync(VECTORS_FILE) ? readVectors() : undefined);
writeFileSync(VECTORS_FILE, `${JSON.stringify(vectors, undefined, 2)}\n`);
const elsewhere = buildSignedElsewhere(vectors, existsSync(SIGNED_ELSEWHERE_FILE) ? readSignedElsewhere() : undefined);
writeFileSync(SIGNED_ELSEWHERE_FILE, `${JSON.stringify(elsewhere, undefined, 2)}\n`);
writeFileSync(new URL('./weak-pins.json', import.meta.url), `${JSON.stringify(WEAK_PINS, undefined, 1)}\n`);
const cases = makeCsrCases(existsSync(CSR_CASES_FILE) ? readCsrCases() : undefined);
writeFileSync(CSR_CASES_FILE, `${JSON.stringify(cases, undefined, 2)}\n`);
