import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import {
  base64,
  buildRequest,
  ecSpki,
  keyOfType,
  p256,
  pem,
  rsaSpki,
  spkiOf,
  submission,
} from '../../../conformance/csr-cases/build-request.ts';
import { soundModulus } from '../../../conformance/csr-cases/rsa-moduli.ts';
import { sequence, tlv } from '../../../core/asn1/write-der.ts';
import { decodeCsrText } from '../../../core/csr/csr-text.ts';
import { type CsrVerdict, judgeCsr } from '../../../core/csr/judge-csr.ts';
import { deps } from './gate-deps.ts';

const point = spkiOf(p256).subarray(-65);

/** Seeded, so that a failure can be found again. Source: Mulberry32. */
function randomFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

function mutate(der: Uint8Array, random: (below: number) => number): Uint8Array {
  const octets = [...der];
  const at = random(octets.length);
  switch (random(5)) {
    case 0:
      octets[at] = (octets[at] ?? 0) ^ (1 << random(8));
      return Uint8Array.from(octets);
    case 1:
      octets[at] = random(256);
      octets[random(octets.length)] = random(256);
      break;
    case 2:
      octets.splice(at, 1 + random(8));
      break;
    case 3:
      octets.splice(at, 0, ...octets.slice(at, at + 1 + random(32)));
      break;
    default:
      octets.length = at;
  }
  return Uint8Array.from(octets);
}

function judge(der: Uint8Array): { verdict: CsrVerdict; ms: number } {
  const start = process.cpuUsage();
  const verdict = judgeCsr(submission({ csrText: base64(der) }), deps);
  return { verdict, ms: cpuMsSince(start) };
}

/** Time of the processor, not of the clock: a busy machine must not fail a bound. */
function cpuMsSince(start: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1_000;
}

describe('hostile requests', () => {
  test.each(['EC:P-256', 'EC:P-384', 'RSA:2048'] as const)(
    '2,000 mutations of a sound %s request: no throw, no acceptance, bounded time',
    (type) => {
      const good = buildRequest(keyOfType(type));
      const random = randomFrom(20_261_123);
      expect(judge(good).verdict.ok).toBe(true);
      let slowest = 0;
      for (let i = 0; i < 2_000; i += 1) {
        const der = mutate(good, random);
        if (Buffer.compare(der, good) === 0) continue;
        const { verdict, ms } = judge(der);
        expect({ i, accepted: verdict.ok }).toEqual({ i, accepted: false });
        slowest = Math.max(slowest, ms);
      }
      expect(slowest).toBeLessThan(500);
    },
    60_000,
  );

  test('every single bit of a sound request is looked at: flipped, it is refused', () => {
    const good = buildRequest();
    for (let bit = 0; bit < good.length * 8; bit += 1) {
      const der = Uint8Array.from(good);
      der[bit >> 3] = (der[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect({ bit, accepted: judge(der).verdict.ok }).toEqual({ bit, accepted: false });
    }
  }, 60_000);

  // Some malformed points end Node 20 and 22 when a KeyObject is asked about them; here are their harmless neighbours.
  test.each([
    ['the prefix alone', Uint8Array.of(4)],
    ['a wrong prefix', Uint8Array.of(5, ...point.subarray(1))],
    ['an octet too few', point.subarray(0, -1)],
    ['an octet too many', Uint8Array.of(...point, 0)],
    ['a point off the curve', Uint8Array.of(...point.subarray(0, -1), (point.at(-1) ?? 0) ^ 1)],
  ])('an EC key of %s is a plain refusal, before any KeyObject', (_title, octets) => {
    expect(judge(buildRequest({ spki: ecSpki(octets) })).verdict).toMatchObject({ ok: false, refusal: { code: 'key_point_invalid' } });
  });

  test.each([
    ['a level of SEQUENCE too many', nested(33)],
    ['4-octet lengths that promise 4 GiB', Uint8Array.of(0x30, 0x84, 0xff, 0xff, 0xff, 0xff)],
    ['8,000 empty values', sequence(...Array.from({ length: 8_000 }, () => Uint8Array.of(5, 0)))],
    ['an OID of 16,000 octets in one arc', sequence(tlv(6, new Uint8Array(16_000).fill(0x81, 0, 15_999)))],
  ])('%s cost no time', (_title, der) => {
    const { verdict, ms } = judge(der);
    expect(verdict.ok).toBe(false);
    expect(ms).toBeLessThan(500);
  });

  test('the dearest key, RSA-4096 with every weakness looked for, is judged within the time of a call', () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 4096 });
    const { verdict, ms } = judge(buildRequest({ ...keyOfType('RSA:2048'), key: privateKey }));
    expect(verdict).toMatchObject({ ok: true, keyType: 'RSA:4096' });
    expect(ms).toBeLessThan(1_000);
  }, 60_000);

  test('texts made to slow a pattern down are refused in no time', () => {
    const texts = [
      ' '.repeat(65_536),
      `${' \n'.repeat(30_000)}x`,
      '-----BEGIN '.repeat(5_000),
      `${pem(buildRequest())}${'\n '.repeat(20_000)}x`,
      '='.repeat(65_536),
      base64(Buffer.from(`${' '.repeat(16_000)}!`)),
      base64(Buffer.from(`30${' '.repeat(16_000)}!`)),
      `-----BEGIN CERTIFICATE REQUEST-----${' \t'.repeat(32_000)}x`,
      `-----BEGIN CERTIFICATE REQUEST-----\n${'A \n'.repeat(20_000)}!\n-----END CERTIFICATE REQUEST-----`,
      '-----BEGIN CERTIFICATE REQUEST-----\r'.padEnd(65_000, '\r-----END '),
      '0x30'.padEnd(65_000, ' 0'),
    ];
    for (const text of texts) {
      const start = process.cpuUsage();
      expect(decodeCsrText(text).ok).toBe(false);
      expect(cpuMsSince(start)).toBeLessThan(500);
    }
  });

  test('a key that does not belong to the signature is not accepted whatever its family', () => {
    const swapped = buildRequest({ key: p256, spki: rsaSpki(soundModulus()) });
    expect(judge(swapped).verdict).toMatchObject({ refusal: { code: 'csr_profile_signature_algorithm' } });
  });
});

function nested(levels: number): Uint8Array {
  let whole: Uint8Array = new Uint8Array();
  for (let i = 0; i < levels; i += 1) whole = sequence(whole);
  return whole;
}
