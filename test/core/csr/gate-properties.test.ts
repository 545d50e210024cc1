import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  base64,
  buildRequest,
  extensionRequest,
  goodAttributes,
  keyOfType,
  type Pieces,
  subjectWith,
  submission,
} from '../../../conformance/csr-cases/build-request.ts';
import { unknownAttribute } from '../../../conformance/csr-cases/refusal-case.ts';
import { CSR_REFUSALS } from '../../../contract/csr-refusal-codes.ts';
import { bitString, octetString, oid, sequence, set, tlv, utf8String } from '../../../core/asn1/write-der.ts';
import { findPrivateKey } from '../../../core/csr/find-private-key.ts';
import { judgeCsr } from '../../../core/csr/judge-csr.ts';
import { deps } from './gate-deps.ts';

const judge = (csrText: string) => judgeCsr(submission({ csrText }), deps);
const octets = fc.uint8Array({ maxLength: 40 });
/** A value of any tag and content: an attribute, a name or an algorithm may hold it. */
const anyValue = fc.tuple(fc.nat(255), octets).map(([tag, content]) => tlv(tag, content));

describe('properties of the gate', { timeout: 180_000 }, () => {
  test.each(['EC:P-256', 'EC:P-384', 'RSA:2048'] as const)(
    'a sound %s request cut off anywhere, or with any octet after it, is refused',
    (type) => {
      const good = buildRequest(keyOfType(type));
      for (let length = 0; length < good.length; length += 1)
        expect({ length, ok: judge(base64(good.subarray(0, length))).ok }).toEqual({ length, ok: false });
      for (let octet = 0; octet < 256; octet += 1) {
        expect(judge(base64(Uint8Array.of(...good, octet)))).toMatchObject({ refusal: { code: 'csr_not_der', offset: good.length } });
      }
    },
  );

  test('any text is a verdict: accepted, or refused with code, rule, detail and hint; nothing is thrown', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      octets.map(base64),
      fc.base64String(),
      fc.string().map((inside) => `-----BEGIN ${inside}-----\n`),
    );
    fc.assert(
      fc.property(text, (csrText) => complete(judge(csrText))),
      { numRuns: 5_000 },
    );
    fc.assert(
      fc.property(text, fc.jsonValue(), (csrText, key) => void findPrivateKey(csrText, key)),
      { numRuns: 2_000 },
    );
  });

  test('any JSON is a delivery key or refused as one', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (deliveryKey) => complete(judgeCsr(submission({ deliveryKey }), deps))),
      { numRuns: 1_000 },
    );
  });

  test('whatever a hostile device puts into one part of the request and signs, the verdict is complete', () => {
    const pieces = fc.oneof<fc.Arbitrary<Pieces>[]>(
      anyValue.map((subject) => ({ subject })),
      anyValue.map((value) => ({ subject: subjectWith(value) })),
      fc.string({ unit: 'binary', minLength: 1 }).map((text) => ({ subject: subjectWith(utf8String(text)) })),
      anyValue.map((version) => ({ version })),
      anyValue.map((spki) => ({ spki })),
      octets.map((point) => ({ spki: sequence(sequence(oid('1.2.840.10045.2.1'), oid('1.2.840.10045.3.1.7')), bitString(point)) })),
      anyValue.map((algorithm) => ({ algorithm })),
      octets.map((signature) => ({ signature: () => signature })),
      anyValue.map((value) => ({ attributes: [...goodAttributes(), unknownAttribute(Buffer.from(value).toString('hex'))] })),
      anyValue.map((value) => ({ attributes: [...goodAttributes(), value] })),
      anyValue.map((value) => ({ attributes: [...goodAttributes(), extensionRequest(sequence(oid('2.5.29.17'), octetString(value)))] })),
      anyValue.map((wholeAttributes) => ({ wholeAttributes })),
    );
    fc.assert(
      fc.property(pieces, (given) => complete(judge(base64(buildRequest(given))))),
      { numRuns: 3_000 },
    );
  });

  test('an OBJECT IDENTIFIER above the limit is a refusal wherever the gate reads one', () => {
    const boundless = tlv(6, new Uint8Array(129).fill(1));
    const places: Pieces[] = [
      { subject: sequence(set(sequence(boundless, utf8String('a')))) },
      { attributes: [...goodAttributes(), sequence(boundless, set(utf8String('a')))] },
      { attributes: [...goodAttributes(), extensionRequest(sequence(boundless, octetString(utf8String('a'))))] },
      { spki: sequence(sequence(boundless), bitString(Uint8Array.of(4))) },
      { spki: sequence(sequence(oid('1.2.840.10045.2.1'), boundless), bitString(Uint8Array.of(4))) },
      { algorithm: sequence(boundless) },
    ];
    for (const pieces of places) expect(judge(base64(buildRequest(pieces)))).toMatchObject({ ok: false });
  });
});

function complete(verdict: ReturnType<typeof judgeCsr>): void {
  if (verdict.ok) return;
  const { code, rule, detail, hint } = verdict.refusal;
  expect(Object.hasOwn(CSR_REFUSALS, code)).toBe(true);
  expect([rule, detail, hint].includes('')).toBe(false);
}
