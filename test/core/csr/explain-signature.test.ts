import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import {
  ALGORITHM,
  bindingAttribute,
  buildRequest,
  challenge,
  challengeAttribute,
  deliveryJwk,
  type Pieces,
  p256,
  p384,
  rsa2048,
  subjectWith,
  submission,
  thumbprint,
} from '../../../conformance/csr-cases/build-request.ts';
import { bySha256 } from '../../../conformance/csr-cases/refusal-case.ts';
import { readCsrCases } from '../../../conformance/csr-cases-file.ts';
import { CSR_REFUSALS } from '../../../contract/csr-refusal-codes.ts';
import { readDer } from '../../../core/asn1/read-der.ts';
import { integer, octetString, sequence, tlv, unsignedInteger, utf8String } from '../../../core/asn1/write-der.ts';
import { judgeCsr } from '../../../core/csr/judge-csr.ts';
import { deps } from './gate-deps.ts';

const byP384 = { key: p384, algorithm: ALGORITHM.es384, digest: 'sha384' as const };
const raw = (info: Uint8Array) => sign('sha256', info, { key: p256, dsaEncoding: 'ieee-p1363' });

/** r and s whose first bits are both set: what a writer of INTEGERs gets wrong, three times of four. */
function large(info: Uint8Array): [Buffer, Buffer] {
  for (;;) {
    const both = raw(info);
    if (both.readUInt8(0) >= 0x80 && both.readUInt8(32) >= 0x80) return [both.subarray(0, 32), both.subarray(32)];
  }
}

function refusalOf(der: Uint8Array, given = {}): { code: string; detail: string; offset?: number; rule: string } {
  const verdict = judgeCsr(submission({ der, ...given }), deps);
  if (verdict.ok) throw new Error('was accepted');
  return verdict.refusal;
}

describe('what a signature that does not verify is', () => {
  test.each<[string, Pieces, RegExp]>([
    ['raw r ‖ s of P-256', { signature: raw }, /^The signature is raw r ‖ s, 64 octets, .*: write SEQUENCE \{ INTEGER r, INTEGER s \}/],
    [
      'raw r ‖ s of P-384',
      { ...byP384, signature: (info) => sign('sha384', info, { key: p384, dsaEncoding: 'ieee-p1363' }) },
      /^The signature is raw r ‖ s, 96 octets/,
    ],
    [
      'raw r ‖ s of another key',
      { signature: (info) => Uint8Array.from(raw(info)).fill(1, 0, 8) },
      /^The signature is as long as raw r ‖ s, 64 octets/,
    ],
    [
      'raw r ‖ s in an OCTET STRING',
      { signature: (info) => octetString(raw(info)) },
      /^The signature is raw r ‖ s in an OCTET STRING: write SEQUENCE/,
    ],
    [
      'its DER in an OCTET STRING',
      { signature: (info) => octetString(sign('sha256', info, p256)) },
      /^The signature is an OCTET STRING \(04\): put SEQUENCE/,
    ],
    [
      '63 octets',
      { signature: (info) => Uint8Array.from(raw(info)).fill(7, 0, 1).subarray(0, 63) },
      /^The signature begins with the octet 07, not with 30: write SEQUENCE/,
    ],
    [
      'hex',
      { signature: (info) => Buffer.from(sign('sha256', info, p256).toString('hex')) },
      /^The signature is text, such as hex or base64: put in the octets/,
    ],
    ['nothing', { signature: () => new Uint8Array() }, /^The signature is empty/],
    [
      'SHA-1',
      { signature: (info) => sign('sha1', info, p256) },
      /^The signature verifies by SHA-1, but the request says SHA-256: sign by SHA-256/,
    ],
    ['SHA-384', { signature: (info) => sign('sha384', info, p256) }, /^The signature verifies by SHA-384/],
    ['SHA-512', { signature: (info) => sign('sha512', info, p256) }, /^The signature verifies by SHA-512/],
    [
      'SHA-256 where SHA-384 was said',
      { ...byP384, signature: (info) => sign('sha256', info, p384) },
      /^The signature verifies by SHA-256, but the request says SHA-384/,
    ],
    [
      'a digest hashed again',
      { signature: (info) => sign('sha256', hash(info), p256) },
      /^The signature verifies over the SHA-256 of the info: it was hashed twice/,
    ],
    [
      'the info without its header',
      { signature: (info) => sign('sha256', readDer(info).content, p256) },
      /over the members of the info without its header: sign the whole DER/,
    ],
    ['r and s swapped', { signature: (info) => swapped(sign('sha256', info, p256)) }, /^r and s are swapped: r comes first/],
    [
      'another key',
      { signature: (info) => sign('sha256', info, anyKey()) },
      /^The signature is well-formed, but not by the key of the request over its info: another key made it, or/,
    ],
    [
      'RSA: another length',
      { ...bySha256, signature: (info) => sign('sha256', info, p256) },
      /^The signature has 7\d octets; one by a key of 2048 bits has 256\. It was made by another key/,
    ],
    [
      'RSA: a needless 00',
      { ...bySha256, signature: (info) => Buffer.concat([Buffer.alloc(1), sign('sha256', info, rsa2048)]) },
      /^There is a needless 00 before the signature: it has 257 octets, and 256 without it/,
    ],
    [
      'RSA: in an OCTET STRING',
      { ...bySha256, signature: (info) => octetString(sign('sha256', info, rsa2048)) },
      /^The signature stands in an OCTET STRING: put its octets/,
    ],
    [
      'RSA: PSS',
      { ...bySha256, signature: (info) => sign('sha256', info, { key: rsa2048, padding: 6 }) },
      /^The signature is RSASSA-PSS by SHA-256: sign by RSASSA-PKCS1-v1_5/,
    ],
    [
      'RSA: PSS by SHA-1',
      { ...bySha256, signature: (info) => sign('sha1', info, { key: rsa2048, padding: 6 }) },
      /^The signature is RSASSA-PSS by SHA-1/,
    ],
    [
      'RSA: SHA-1',
      { ...bySha256, signature: (info) => sign('sha1', info, rsa2048) },
      /^The signature verifies by SHA-1, but the request says SHA-256/,
    ],
    ['RSA: SHA-512', { ...bySha256, signature: (info) => sign('sha512', info, rsa2048) }, /^The signature verifies by SHA-512/],
    ['RSA: a digest hashed again', { ...bySha256, signature: (info) => sign('sha256', hash(info), rsa2048) }, /it was hashed twice/],
    [
      'RSA: over another info',
      { ...bySha256, signature: (info) => sign('sha256', info.toReversed(), rsa2048) },
      /^The signature was made with the right key, but over other octets: /,
    ],
    [
      'RSA: zeros',
      { ...bySha256, signature: () => new Uint8Array(256) },
      /^The signature was not made with the private key that belongs to the key/,
    ],
  ])('%s', (_what, pieces, detail) => {
    const der = buildRequest(pieces);
    const { code, offset, ...said } = refusalOf(der);
    expect([code, said.detail]).toEqual(['csr_signature_invalid', expect.stringMatching(detail)]);
    expect(offset).toBe(der.length - signatureOf(der).length);
  });

  test.each<[string, (r: Buffer, s: Buffer) => Uint8Array[], number, RegExp, string]>([
    [
      'r without its 00',
      (r, s) => [tlv(2, r), unsignedInteger(s)],
      2,
      /^r is negative: a number whose first bit is set needs 00 before it/,
      'X.690 §8.3.3',
    ],
    ['s without its 00', (r, s) => [unsignedInteger(r), tlv(2, s)], 2 + 35, /^s is negative/, 'X.690 §8.3.3'],
    [
      'a needless 00 before r',
      (r, s) => [tlv(2, Buffer.alloc(2), r), unsignedInteger(s)],
      2,
      /^There is a needless 00 before r/,
      'X.690 §8.3.2',
    ],
    [
      'a needless 00 before s',
      (r, s) => [unsignedInteger(r), tlv(2, Buffer.alloc(2), s)],
      2 + 35,
      /^There is a needless 00 before s/,
      'X.690 §8.3.2',
    ],
    ['s that is 0', (r) => [unsignedInteger(r), integer(0)], 2 + 35, /^s is 0/, 'SEC 1 §4.1.4'],
    [
      'r above the order',
      (_r, s) => [unsignedInteger(Buffer.alloc(32, 0xff)), unsignedInteger(s)],
      2,
      /^r is not below the order/,
      'SEC 1 §4.1.4',
    ],
    ['s without content', (r) => [unsignedInteger(r), tlv(2)], 2 + 35, /^s is an INTEGER without content/, 'X.690 §8.3.1'],
    [
      'a string as s',
      (r, s) => [unsignedInteger(r), octetString(s)],
      2 + 35,
      /^s has the tag 04, not 02: write an INTEGER/,
      CSR_REFUSALS.csr_signature_invalid.rule,
    ],
    [
      'one number',
      (r) => [unsignedInteger(r)],
      0,
      /^The signature is a SEQUENCE of 1, not of two/,
      CSR_REFUSALS.csr_signature_invalid.rule,
    ],
  ])('%s: the offset is that of the INTEGER', (_what, write, at, detail, rule) => {
    const der = buildRequest({ signature: (info) => sequence(...write(...large(info))) });
    const said = refusalOf(der);
    expect(said).toMatchObject({ code: 'csr_signature_invalid', detail: expect.stringMatching(detail), rule });
    expect(said.offset).toBe(der.length - signatureOf(der).length + at);
  });

  test('an RSA signature that lost its leading 00: some 1 in 256 requests of such a writer', () => {
    const der = buildRequest({ ...bySha256, subject: luckySubject(), signature: (info) => sign('sha256', info, rsa2048).subarray(1) });
    expect(refusalOf(der).detail).toMatch(
      /^Leading zero octets of the signature were lost: it has 255 octets and needs 256, with 00 in front/,
    );
  });

  test('made with the delivery key: the wrong one of two keys', () => {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const deliveryKey = deliveryJwk(publicKey);
    const attributes = [bindingAttribute(thumbprint(deliveryKey)), challengeAttribute(utf8String(challenge))];
    const der = buildRequest({ attributes, signature: (info) => sign('sha256', info, privateKey) });
    expect(refusalOf(der, { deliveryKey }).detail).toMatch(
      /^The signature was made with the delivery key: sign with the private key of the request itself/,
    );
  });

  test('no conformance case is left with the bare title of its code', () => {
    const titles = readCsrCases().cases.flatMap(({ id, input, expected }) => {
      if (expected.outcome === 'accepted' || !/^csr_(signature|encoding)|^key_type/.test(expected.code)) return [];
      const verdict = judgeCsr(submission({ csrText: input.csr, deliveryKey: input.deliveryKey }), deps);
      return verdict.ok || verdict.refusal.detail === `${CSR_REFUSALS[verdict.refusal.code].title}.` ? [id] : [];
    });
    expect(titles).toEqual([]);
  });
});

function hash(octets: Uint8Array): Buffer {
  return createHash('sha256').update(octets).digest();
}

function anyKey(): KeyObject {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
}

function swapped(signature: Uint8Array): Uint8Array {
  return sequence(
    ...readDer(signature)
      .children.map(({ raw: one }) => one)
      .toReversed(),
  );
}

function signatureOf(der: Uint8Array): Uint8Array {
  return readDer(der).children[2]?.content.subarray(1) ?? new Uint8Array();
}

/** One with which the RSA signature begins with 00. */
function luckySubject(): Uint8Array {
  for (let i = 0; ; i += 1) {
    const subject = subjectWith(utf8String(String(i)));
    if (signatureOf(buildRequest({ ...bySha256, subject }))[0] === 0) return subject;
  }
}
