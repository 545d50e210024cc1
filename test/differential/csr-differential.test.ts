import { beforeAll, describe, expect, test } from 'vitest';
import { readCsrCases } from '../../conformance/csr-cases-file.ts';
import { decodeCsrText } from '../../core/csr/csr-text.ts';
import { judgeInput } from '../fuzz/judge-input.ts';
import { makeInput } from '../fuzz/make-input.ts';
import { goParser, isKnown, openssl, type Parser } from './parsers.ts';

/*
 * Whatever a strict parser of another language refuses, the gate refuses too, unless known-differences.json says why not. Fed with mutants
 * that were signed again by their own key, and with the conformance cases.
 */
const MUTANTS = 6_000;
const MOST_FOR_OPENSSL = 300;

interface Sample {
  name: string;
  der: Uint8Array;
  accepted: boolean;
}

const go = goParser();
let samples: Sample[] = [];
beforeAll(() => {
  samples = [...fromCases(), ...fromMutants()];
}, 300_000);

describe('the gate is at least as strict as others', { timeout: 300_000 }, () => {
  test.skipIf(go === undefined)(
    go === undefined ? "Go's crypto/x509: skipped, there is no Go on this machine" : "Go's crypto/x509: every sample, refused or accepted",
    async () => {
      const { counts, unexplained } = await compare('go', go ?? openssl, samples);
      process.stdout.write(`Go: ${JSON.stringify(counts)}\n`);
      expect(unexplained).toEqual([]);
      expect(counts.explained).toBeGreaterThan(0);
      expect(counts.bothAccept).toBeGreaterThan(100);
      expect(counts.bothRefuse).toBeGreaterThan(1_000);
    },
  );

  test(`openssl req -verify: up to ${MOST_FOR_OPENSSL} different ones that the gate accepts`, async () => {
    const { counts, unexplained } = await compare(
      'openssl',
      openssl,
      samples.filter(({ accepted }) => accepted).slice(0, MOST_FOR_OPENSSL),
    );
    process.stdout.write(`OpenSSL: ${JSON.stringify(counts)}\n`);
    expect(unexplained).toEqual([]);
    expect(counts.bothAccept).toBeGreaterThan(100);
  });

  test('a difference without a reason would be seen: an unknown word of refusal is not explained', () => {
    expect(isKnown('go', 'asn1: structure error: base 128 integer too large')).toBe(true);
    expect([isKnown('go', 'x509: something new'), isKnown('openssl', 'x509: cannot parse URI')]).toEqual([false, false]);
  });
});

async function compare(name: string, parser: Parser, all: readonly Sample[]) {
  const said = await parser(all.map(({ der }) => der));
  const counts = { bothAccept: 0, bothRefuse: 0, onlyGateRefuses: 0, explained: 0 };
  const unexplained: string[] = [];
  all.forEach(({ name: sample, accepted }, i) => {
    const words = said[i] ?? '';
    if (words === 'ok') counts[accepted ? 'bothAccept' : 'onlyGateRefuses'] += 1;
    else if (!accepted) counts.bothRefuse += 1;
    else if (isKnown(name, words)) counts.explained += 1;
    else unexplained.push(`${sample}: ${words}`);
  });
  return { counts, unexplained };
}

function fromCases(): Sample[] {
  return readCsrCases().cases.flatMap(({ id, input, expected }) => {
    const text = decodeCsrText(input.csr);
    return text.ok ? [{ name: id, der: text.der, accepted: expected.outcome === 'accepted' }] : [];
  });
}

function fromMutants(): Sample[] {
  const different = new Map<string, Sample>();
  for (let seed = 1_000_000; seed < 1_000_000 + MUTANTS; seed += 1) {
    const input = makeInput(seed);
    if (input.kind !== 'tree') continue;
    const text = decodeCsrText(input.csrText);
    if (!text.ok) continue;
    const accepted = judgeInput(input).outcome === 'accepted';
    different.set(Buffer.from(text.der).toString('base64'), { name: `seed ${seed}`, der: text.der, accepted });
  }
  return [...different.values()];
}
