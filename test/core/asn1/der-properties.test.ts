import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { oidText } from '../../../core/asn1/oid.ts';
import { DerError, type DerNode, readDer } from '../../../core/asn1/read-der.ts';
import { bitString, boolean, explicit, integer, NULL, octetString, oid, sequence, set, utf8String } from '../../../core/asn1/write-der.ts';

/** Any DER that the writer can write, a few levels deep. */
const { der } = fc.letrec<{ der: Uint8Array }>((tie) => ({
  der: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.bigInt({ min: -(1n << 300n), max: 1n << 300n }).map(integer),
    fc.boolean().map(boolean),
    fc.constant(NULL),
    fc.uint8Array({ maxLength: 300 }).map(octetString),
    fc.uint8Array({ maxLength: 40 }).map((octets) => bitString(octets)),
    fc.string({ unit: 'binary' }).map(utf8String),
    fc
      .tuple(fc.integer({ min: 0, max: 39 }), fc.array(fc.maxSafeNat(), { maxLength: 6 }))
      .map(([second, rest]) => oid([1, second, ...rest].join('.'))),
    fc.array(tie('der'), { maxLength: 5 }).map((members) => sequence(...members)),
    fc.array(tie('der'), { maxLength: 5 }).map((members) => set(...members)),
    fc.tuple(fc.nat(30), tie('der')).map(([number, inner]) => explicit(number, inner)),
  ),
}));

describe('properties of the DER reader', { timeout: 180_000 }, () => {
  test('what the writer wrote, the reader reads, and its parts put together are the same octets', () => {
    fc.assert(
      fc.property(der, (octets) => {
        expect(rebuilt(readDer(octets))).toEqual(Buffer.from(octets));
      }),
      { numRuns: 2_000 },
    );
  });

  test('any octets are read, or refused with a place inside of them; nothing else is thrown', () => {
    fc.assert(fc.property(fc.oneof(fc.uint8Array({ maxLength: 200 }), der.map(spoilt)), judged), { numRuns: 10_000 });
  });

  test('cut off anywhere, or with any octet after it, it is refused', () => {
    fc.assert(
      fc.property(der, fc.nat(), fc.nat(255), (octets, at, more) => {
        expect(() => readDer(octets.subarray(0, at % octets.length))).toThrow(DerError);
        expect(() => readDer(Uint8Array.of(...octets, more))).toThrow(DerError);
      }),
      { numRuns: 1_000 },
    );
  });

  test('an object identifier keeps its text', () => {
    const text = fc
      .tuple(fc.nat(1), fc.nat(39), fc.array(fc.bigInt({ min: 0n, max: 1n << 128n }), { maxLength: 5 }))
      .map((parts) => parts.flat().join('.'));
    fc.assert(
      fc.property(text, (dotted) => {
        expect(oidText(readDer(oid(dotted)))).toBe(dotted);
      }),
      { numRuns: 1_000 },
    );
  });
});

/** From the leaves up: what a parent says of its content is what its children are. */
function rebuilt(node: DerNode): Buffer {
  const content = node.constructed ? Buffer.concat(node.children.map(rebuilt)) : node.content;
  return Buffer.concat([node.raw.subarray(0, node.headerLength), content]);
}

/** One octet of it is another: mostly still nearly DER. */
function spoilt(octets: Uint8Array): Uint8Array {
  const at = (octets.at(-1) ?? 0) % octets.length;
  return octets.map((octet, i) => (i === at ? octet ^ 0x81 : octet));
}

function judged(octets: Uint8Array): void {
  try {
    expect(readDer(octets).raw).toEqual(octets);
  } catch (error) {
    if (!(error instanceof DerError)) throw error;
    expect(error.offset).toBeGreaterThanOrEqual(0);
    expect(error.offset).toBeLessThanOrEqual(octets.length);
    expect(error.rule).toMatch(/^X\.690 §|^protocol §3/);
  }
}
