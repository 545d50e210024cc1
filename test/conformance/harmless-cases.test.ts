import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { type CsrCase, readCsrCases } from '../../conformance/csr-cases-file.ts';
import { DerError, type DerNode, readDer } from '../../core/asn1/read-der.ts';
import { decodeCsrText } from '../../core/csr/csr-text.ts';

/** Others run the cases through software of their own: no case may end it or keep it busy. */
const ASK_NODE = fileURLToPath(new URL('./ask-node.mjs', import.meta.url));
const MOST_LEVELS = 40;
const cases = readCsrCases().cases;

test('no public key of a case ends a Node process that is asked about it', () => {
  const keys = cases.flatMap(publicKeyOf);
  expect(keys.length).toBeGreaterThan(100);
  const { status, signal, stdout } = spawnSync(process.execPath, [ASK_NODE], { input: keys.join('\n'), encoding: 'utf8' });
  expect({ status, signal, stdout }).toEqual({ status: 0, signal: null, stdout: `asked about ${keys.length} keys` });
}, 60_000);

test(`no case is nested deeper than ${MOST_LEVELS} levels: the bound of the gate is 32`, () => {
  for (const one of cases) expect({ id: one.id, deep: isDeep(one) }).toEqual({ id: one.id, deep: false });
});

function publicKeyOf(one: CsrCase): string[] {
  const spki = requestOf(one)?.children[0]?.children[2]?.raw;
  return spki === undefined ? [] : [Buffer.from(spki).toString('hex')];
}

function requestOf(one: CsrCase): DerNode | undefined {
  try {
    return readDer(octetsOf(one));
  } catch (error) {
    if (error instanceof DerError) return undefined;
    throw error;
  }
}

function isDeep(one: CsrCase): boolean {
  try {
    readDer(octetsOf(one), { maxDepth: MOST_LEVELS, maxBytes: 65_536, maxNodes: 65_536 });
    return false;
  } catch (error) {
    if (error instanceof DerError) return error.reason.startsWith('nested deeper');
    throw error;
  }
}

function octetsOf({ input }: CsrCase): Uint8Array {
  const decoded = decodeCsrText(input.csr);
  return decoded.ok ? decoded.der : new Uint8Array();
}
