import { createHash, createPublicKey } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import {
  ALGORITHM,
  base64,
  buildRequest,
  challenge,
  challengeAttribute,
  delivery,
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
} from '../../../conformance/csr-cases/build-request.ts';
import { binding, bySha256, extension } from '../../../conformance/csr-cases/refusal-case.ts';
import { readCsrCases } from '../../../conformance/csr-cases-file.ts';
import { CSR_REFUSALS } from '../../../contract/csr-refusal-codes.ts';
import { toEnrollmentId } from '../../../contract/ids.ts';
import { KEY_TYPES } from '../../../contract/key-types.ts';
import { integer, NULL, oid, printableString, sequence, set, utf8String } from '../../../core/asn1/write-der.ts';
import { makeChallenge } from '../../../core/csr/challenge.ts';
import { judgeCsr } from '../../../core/csr/judge-csr.ts';
import { challengeKeys, deps } from './gate-deps.ts';

describe('a sound submission is accepted', () => {
  test.each<[string, Pieces, string]>([
    ['EC P-256 with SHA-256', {}, 'EC:P-256'],
    ['EC P-384 with SHA-384', { key: p384, algorithm: ALGORITHM.es384, digest: 'sha384' }, 'EC:P-384'],
    ['EC P-384 with SHA-256', { key: p384, algorithm: ALGORITHM.es256 }, 'EC:P-384'],
    ['RSA-2048', bySha256, 'RSA:2048'],
    ['the challenge as PrintableString', { attributes: [binding, challengeAttribute(printableString(challenge))] }, 'EC:P-256'],
    ['requested extensions', { attributes: [...goodAttributes(), extensionRequest(extension('2.5.29.15', true))] }, 'EC:P-256'],
    ['an unknown attribute', { attributes: [...goodAttributes(), sequence(oid('1.2.3.4'), set(NULL))] }, 'EC:P-256'],
  ])('%s', (_title, pieces, keyType) => {
    const der = buildRequest(pieces);
    const spki = spkiOf(pieces.key ?? p256);
    const deliverySpki = createPublicKey({ key: { ...delivery }, format: 'jwk' }).export({ format: 'der', type: 'spki' });
    expect(judgeCsr(submission({ der }), deps)).toEqual({
      ok: true,
      csrDer: der,
      spki: new Uint8Array(spki),
      spkiSha256Hex: createHash('sha256').update(spki).digest('hex'),
      keyType,
      deliveryKey: delivery,
      deliveryKid: thumbprint(delivery).toString('base64url'),
      deliverySpkiSha256Hex: createHash('sha256').update(deliverySpki).digest('hex'),
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

/** Which code each fault meets stands in conformance/csr-cases.json; test/conformance/csr-cases.test.ts holds the gate against it. */
describe('a refusal', () => {
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
    const fault = buildRequest({ spki: ecSpki(Uint8Array.of(5)) });
    const verdict = judgeCsr(submission({ der: fault }), deps);
    expect(verdict).toMatchObject({ ok: false, refusal: { offset: Buffer.from(fault).indexOf(Buffer.from('03020005', 'hex')) } });
  });

  test('of two faults the earlier check speaks: a wrong challenge and a wrong signature', () => {
    const attributes = [binding, challengeAttribute(utf8String('0'.repeat(82)))];
    const verdict = judgeCsr(submission({ der: buildRequest({ attributes, signature: () => new Uint8Array() }) }), deps);
    expect(verdict).toMatchObject({ ok: false, refusal: { code: 'challenge_mismatch' } });
  });

  test('echoes nothing of what was sent: no refusal of any conformance case holds 12 characters of its text', () => {
    for (const { id, input } of readCsrCases().cases) {
      const verdict = judgeCsr(submission({ csrText: input.csr, deliveryKey: input.deliveryKey }), deps);
      const said = verdict.ok ? '' : `${verdict.refusal.detail}${verdict.refusal.offset ?? ''}`;
      const body = input.csr.replaceAll(/-----[^-]*-----/g, '').replaceAll(/\s/g, '');
      const pieces = body.match(/.{12}/g) ?? [];
      expect({ id, echoed: pieces.some((piece) => said.includes(piece)) }).toEqual({ id, echoed: false });
    }
  });

  test('an expired challenge of another enrollment is a mismatch: expiry is judged for true challenges only', () => {
    const other = toEnrollmentId('11111111-1111-4111-8111-111111111111');
    const old = makeChallenge({ enrollmentId: other, keys: challengeKeys, expiresAt: new Date(0) });
    const request = buildRequest({ attributes: [binding, challengeAttribute(utf8String(old))] });
    expect(judgeCsr(submission({ der: request, enrollmentId }), deps)).toMatchObject({ refusal: { code: 'challenge_mismatch' } });
  });
});
