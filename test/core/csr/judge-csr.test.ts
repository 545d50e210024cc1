import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { CSR_REFUSALS, type CsrRefusalCode } from '../../../contract/csr-refusal-codes.ts';
import { toEnrollmentId } from '../../../contract/ids.ts';
import { KEY_TYPES } from '../../../contract/key-types.ts';
import { integer, NULL, oid, printableString, sequence, set, tlv, utf8String } from '../../../core/asn1/write-der.ts';
import { makeChallenge } from '../../../core/csr/challenge.ts';
import { judgeCsr } from '../../../core/csr/judge-csr.ts';
import { BINDING_CASES } from './binding-cases.ts';
import {
  ALGORITHM,
  base64,
  buildRequest,
  challenge,
  challengeAttribute,
  challengeKeys,
  delivery,
  deps,
  ecSpki,
  enrollmentId,
  extensionRequest,
  goodAttributes,
  type Pieces,
  p256,
  p384,
  pem,
  receivedAt,
  spkiOf,
  submission,
  thumbprint,
} from './csr-builder.ts';
import { ENCODING_CASES } from './encoding-cases.ts';
import { KEY_CASES } from './key-cases.ts';
import { PROFILE_CASES } from './profile-cases.ts';
import { binding, bySha256, type Case, extension } from './refusal-case.ts';

describe('a sound submission is accepted', () => {
  test.each<[string, Pieces, string]>([
    ['EC P-256 with SHA-256', {}, 'EC:P-256'],
    ['EC P-384 with SHA-384', { key: p384, algorithm: ALGORITHM.es384, digest: 'sha384' }, 'EC:P-384'],
    ['EC P-384 with SHA-256', { key: p384, algorithm: ALGORITHM.es256 }, 'EC:P-384'],
    ['RSA-2048', bySha256, 'RSA:2048'],
    ['the challenge as PrintableString', { attributes: [binding, challengeAttribute(printableString(challenge))] }, 'EC:P-256'],
    ['a subject of several string types', { subject: manyStrings() }, 'EC:P-256'],
    ['requested extensions', { attributes: [...goodAttributes(), extensionRequest(extension('2.5.29.17', true))] }, 'EC:P-256'],
    ['an unknown attribute', { attributes: [...goodAttributes(), sequence(oid('1.2.3.4'), set(NULL))] }, 'EC:P-256'],
  ])('%s', (_title, pieces, keyType) => {
    const der = buildRequest(pieces);
    const spki = spkiOf(pieces.key ?? p256);
    expect(judgeCsr(submission({ der }), deps)).toEqual({
      ok: true,
      csrDer: der,
      spki: new Uint8Array(spki),
      spkiSha256Hex: createHash('sha256').update(spki).digest('hex'),
      keyType,
      deliveryKey: delivery,
      deliveryKid: thumbprint(delivery).toString('base64url'),
    });
  });

  test.each([
    ['PEM with CRLF', pem(buildRequest(), 'CERTIFICATE REQUEST', '\r\n')],
    ['white space around', `\n\t ${pem(buildRequest())} \r\n`],
    ['bare base64', base64(buildRequest())],
  ])('as %s', (_title, csrText) => {
    expect(judgeCsr(submission({ csrText }), deps)).toMatchObject({ ok: true, keyType: 'EC:P-256' });
  });

  test('until the last second of the challenge', () => {
    const at = new Date(receivedAt.getTime() + 299_999);
    expect(judgeCsr(submission({ receivedAt: at }), deps)).toMatchObject({ ok: true });
  });
});

/** What only the database can decide. */
const BY_DATABASE = ['key_is_ours', 'key_blocked', 'key_in_use'] as const;

/** Every code of the closed list but those. */
const CASES: Record<Exclude<CsrRefusalCode, (typeof BY_DATABASE)[number]>, Case[]> = {
  ...ENCODING_CASES,
  ...PROFILE_CASES,
  ...KEY_CASES,
  ...BINDING_CASES,
};

const ALL = Object.entries(CASES).flatMap(([code, cases]) => cases.map(([title, input]) => ({ code, title, input })));

describe('a faulty submission is refused with the code of its first fault', () => {
  test.each(ALL)('$code: $title', ({ code, input }) => {
    const verdict = judgeCsr(input, deps);
    expect(verdict).toMatchObject({ ok: false, refusal: { code } });
  });

  test('every code of the closed list has a case, but those that the database decides', () => {
    const seen = Object.entries(CASES)
      .filter(([, cases]) => cases.length > 0)
      .map(([code]) => code);
    expect([...seen, ...BY_DATABASE].toSorted()).toEqual(Object.keys(CSR_REFUSALS).toSorted());
  });

  test('a type that the configuration does not allow is refused although the gate knows it', () => {
    const allowedKeyTypes = KEY_TYPES.filter((type) => type !== 'EC:P-256');
    expect(judgeCsr(submission(), { ...deps, allowedKeyTypes })).toMatchObject({ ok: false, refusal: { code: 'key_type_not_allowed' } });
  });

  test('the offset points at the octet of the fault and the hint is the one of the list', () => {
    const fault = buildRequest({ version: integer(1) });
    const verdict = judgeCsr(submission({ der: fault }), deps);
    const offset = Buffer.from(fault).indexOf(Buffer.from('020101', 'hex'));
    expect(verdict).toMatchObject({ ok: false, refusal: { offset, hint: CSR_REFUSALS.csr_profile_version.hint } });
  });

  test('faults of the key are counted from the start of the request', () => {
    const fault = buildRequest({ spki: ecSpki(Uint8Array.of(0)) });
    const verdict = judgeCsr(submission({ der: fault }), deps);
    expect(verdict).toMatchObject({ ok: false, refusal: { offset: Buffer.from(fault).indexOf(Buffer.from('03020000', 'hex')) } });
  });

  test('of two faults the earlier check speaks: a wrong challenge and a wrong signature', () => {
    const attributes = [binding, challengeAttribute(utf8String('0'.repeat(82)))];
    const verdict = judgeCsr(submission({ der: buildRequest({ attributes, signature: () => new Uint8Array() }) }), deps);
    expect(verdict).toMatchObject({ ok: false, refusal: { code: 'challenge_mismatch' } });
  });

  test('nothing of what was sent is echoed: no refusal of a private key or challenge holds 12 characters of it', () => {
    for (const { code, input } of ALL) {
      const verdict = judgeCsr(input, deps);
      const said = verdict.ok ? '' : `${verdict.refusal.detail}${verdict.refusal.offset ?? ''}`;
      const body = input.csrText.replaceAll(/-----[^-]*-----/g, '').replaceAll(/\s/g, '');
      const pieces = body.match(/.{12}/g) ?? [];
      expect({ code, echoed: pieces.some((piece) => said.includes(piece)) || said.includes(challenge.slice(0, 20)) }).toEqual({
        code,
        echoed: false,
      });
    }
  });

  test('an expired challenge of another enrollment is a mismatch: expiry is judged for true challenges only', () => {
    const other = toEnrollmentId('11111111-1111-4111-8111-111111111111');
    const old = makeChallenge({ enrollmentId: other, keys: challengeKeys, expiresAt: new Date(0) });
    const request = buildRequest({ attributes: [binding, challengeAttribute(utf8String(old))] });
    expect(judgeCsr(submission({ der: request, enrollmentId }), deps)).toMatchObject({ refusal: { code: 'challenge_mismatch' } });
  });
});

function manyStrings(): Uint8Array {
  const values = [
    utf8String('Zoë 🙂'),
    printableString('A-1 (x)'),
    tlv(0x12, Buffer.from('12 3')),
    tlv(0x14, Buffer.from('é', 'latin1')),
    tlv(0x1a, Buffer.from('a@_~')),
  ];
  const wide = [
    tlv(0x1e, Buffer.from('0041d83dde00', 'hex')),
    tlv(0x1c, Buffer.from('0001f600', 'hex')),
    tlv(0x16, Buffer.from('a@b.example')),
  ];
  return sequence(...[...values, ...wide].map((value) => set(sequence(oid('2.5.4.3'), value))));
}
