import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readSignedElsewhere } from '../../conformance/signed-elsewhere-file.ts';
import { goProgram } from './go-program.ts';

/* The lines of docs/csr-external-signer.md in another language, without our code, over the vectors. */
const program = goProgram('go-signed-elsewhere');
const file = readSignedElsewhere();

const said = (vectors: object): string => spawnSync(program ?? '', [], { input: JSON.stringify(vectors), encoding: 'utf8' }).stdout;

test.skipIf(program === undefined)(
  program === undefined
    ? 'Go and the CSR vectors of external signers: skipped, there is no Go on this machine'
    : 'Go builds every request of the vectors from public key, challenge, delivery key and signature, octet by octet, and refuses what is to be refused',
  () => {
    const signatures = file.requests.flatMap((request) => request.signatures).length;
    expect(said(file)).toBe(`ok ${file.requests.length} requests, ${signatures} signatures, ${file.refused.length} refused\n`);
    expect(said({ ...file, challenge: '00'.repeat(41) })).toMatch(/EC:P-256 info/);
    const [good] = file.requests[0]?.signatures ?? [];
    const taken = { keyType: 'EC:P-256', form: 'der', signature: good?.der, reason: 'it is a good one' };
    expect(said({ ...file, refused: [taken] })).toBe('taken, although: EC:P-256 der: it is a good one\n');
  },
);

test('every constant of the page is one of the program that ran over the vectors, and the other way round', () => {
  const constants = (path: string) =>
    new Set(
      [...readFileSync(join(import.meta.dirname, path), 'utf8').matchAll(/hex\(['"]([0-9a-f]+)['"]\)|": +"(30[0-9a-f]+)"/g)].map(
        ([, a, b]) => a ?? b,
      ),
    );
  expect(constants('go-signed-elsewhere/main.go').size).toBe(11);
  expect(constants('../../docs/csr-external-signer.md')).toEqual(constants('go-signed-elsewhere/main.go'));
});
