import { expect, test } from 'vitest';
import {
  ALGORITHM,
  base64,
  bindingAttribute,
  buildRequest,
  challenge,
  challengeAttribute,
  goodAttributes,
  p256,
  receivedAt,
  rsa2048,
  spkiOf,
  submission,
} from '../../../conformance/csr-cases/build-request.ts';
import { binding } from '../../../conformance/csr-cases/refusal-case.ts';
import { readDer } from '../../../core/asn1/read-der.ts';
import {
  bitString,
  explicit,
  implicitSet,
  integer,
  NULL,
  octetString,
  oid,
  sequence,
  set,
  tlv,
  utf8String,
} from '../../../core/asn1/write-der.ts';
import { judgeCsr } from '../../../core/csr/judge-csr.ts';
import { deps } from './gate-deps.ts';

const [info = new Uint8Array(), algorithm = new Uint8Array()] = readDer(buildRequest()).children.map(({ raw }) => raw);
const withChallenge = (...values: Uint8Array[]) => buildRequest({ attributes: [binding, challengeAttribute(...values)] });
const withBinding = (attribute: Uint8Array) => buildRequest({ attributes: [attribute, challengeAttribute(utf8String(challenge))] });
const bindingOf = (...values: Uint8Array[]) => withBinding(sequence(oid('1.2.840.113549.1.9.16.2.54'), set(...values)));

/** Whoever reads the sentence knows what was found and what to do, without the source. */
test.each<[string, Uint8Array, string, RegExp]>([
  ['the info alone', info, 'csr_profile_structure', /^The DER is the CertificationRequestInfo alone: sign it, and send SEQUENCE/],
  ['a public key', spkiOf(p256), 'csr_profile_structure', /^The DER is a public key \(SubjectPublicKeyInfo\): make a CSR with it/],
  [
    'PKCS#1',
    spkiOf(rsa2048).subarray(24),
    'csr_profile_structure',
    /^The DER is an RSA public key or an ECDSA signature, two INTEGERs: make a CSR/,
  ],
  [
    'PKCS#7',
    sequence(oid('1.2.840.113549.1.7.2'), explicit(0, sequence())),
    'csr_profile_structure',
    /^The DER is PKCS#7 \(CMS\): send the PKCS#10 request itself/,
  ],
  ['nothing', sequence(), 'csr_profile_structure', /^The DER is an empty SEQUENCE: a request is SEQUENCE/],
  ['a number', integer(5), 'csr_profile_structure', /^The DER begins with the tag 02, not with 30: a request is SEQUENCE/],
  ['two members', sequence(info, algorithm), 'csr_profile_structure', /^The request is a SEQUENCE of 2, not of the three members/],
  [
    'an OCTET STRING as signature',
    sequence(info, algorithm, octetString(info)),
    'csr_profile_structure',
    /^The members of the request have the tags 30, 30, 04, not 30/,
  ],
  [
    'a fifth member',
    buildRequest({ wholeAttributes: Buffer.concat([implicitSet(0, ...goodAttributes()), NULL]) }),
    'csr_profile_structure',
    /^The info holds values with the tags 02, 30, 30, a0, 05, not 02/,
  ],
  [
    'an empty info',
    sequence(sequence(), ALGORITHM.es256, bitString(new Uint8Array(70))),
    'csr_profile_structure',
    /^The info holds no values, not 02/,
  ],
  [
    'version 1',
    buildRequest({ version: integer(1) }),
    'csr_profile_version',
    /^The version is another number than 0: PKCS#10 version 1 is INTEGER 0/,
  ],
  [
    'no attributes',
    buildRequest({ wholeAttributes: new Uint8Array() }),
    'csr_profile_attributes',
    /^attributes \[0\] is missing: it stands behind the public key, with the tag a0/,
  ],
  [
    'two challenges in one',
    withChallenge(utf8String('a'), utf8String('b')),
    'csr_profile_challenge',
    /^challengePassword has 2 values: write exactly one/,
  ],
  [
    'a challenge as IA5String',
    withChallenge(tlv(0x16, Buffer.from(challenge))),
    'csr_profile_challenge',
    /^challengePassword has the tag 16: write a UTF8String \(0c\)/,
  ],
  [
    'a thumbprint as text',
    withBinding(bindingAttribute(new Uint8Array(43))),
    'csr_profile_delivery_binding',
    /^id-aa-asymmDecryptKeyID holds 43 octets: write the 32/,
  ],
  [
    'two thumbprints',
    bindingOf(octetString(new Uint8Array(32)), octetString(new Uint8Array(33))),
    'csr_profile_delivery_binding',
    /^id-aa-asymmDecryptKeyID has 2 values: write exactly one/,
  ],
  [
    'a thumbprint as BIT STRING',
    bindingOf(bitString(new Uint8Array(32))),
    'csr_profile_delivery_binding',
    /^id-aa-asymmDecryptKeyID has the tag 03: write an OCTET STRING/,
  ],
  [
    'a certificate',
    sequence(sequence(explicit(0, integer(2))), ALGORITHM.es256, bitString(new Uint8Array(70))),
    'csr_certificate_sent',
    /^The DER is a certificate: send the request that the device signs/,
  ],
  [
    'no challenge',
    buildRequest({ attributes: [binding] }),
    'challenge_missing',
    /^The CSR has no attribute challengePassword: put challenge.value of the view into it/,
  ],
  [
    'no thumbprint',
    buildRequest({ attributes: [challengeAttribute(utf8String(challenge))] }),
    'delivery_key_not_bound',
    /^The CSR carries no id-aa-asymmDecryptKeyID: put the SHA-256 thumbprint/,
  ],
  [
    'another thumbprint',
    withBinding(bindingAttribute(new Uint8Array(32))),
    'delivery_key_not_bound',
    /^The thumbprint in the CSR is not that of the deliveryKey that came with it: send/,
  ],
  [
    'a challenge in upper case',
    withChallenge(utf8String(challenge.toUpperCase())),
    'challenge_mismatch',
    /^The challenge is in upper case: put in challenge.value unchanged/,
  ],
  [
    'a line break in the challenge',
    withChallenge(utf8String(`${challenge}\n`)),
    'challenge_mismatch',
    /^The challenge has white space around it: put/,
  ],
  [
    'half a challenge',
    withChallenge(utf8String(challenge.slice(41))),
    'challenge_mismatch',
    /^The challenge has 41 octets and is not the 82 lower-case hex digits/,
  ],
  [
    'the challenge of another',
    withChallenge(utf8String('0'.repeat(82))),
    'challenge_mismatch',
    /^The challenge was not made for this enrollment: put in/,
  ],
])('%s', (_what, der, code, detail) => {
  expect(judgeCsr(submission({ csrText: base64(der) }), deps)).toMatchObject({
    ok: false,
    refusal: { code, detail: expect.stringMatching(detail) },
  });
});

test('of an expired challenge both times are told', () => {
  const at = new Date(receivedAt.getTime() + 300_001);
  expect(judgeCsr(submission({ receivedAt: at }), deps)).toMatchObject({
    ok: false,
    refusal: {
      code: 'challenge_expired',
      detail:
        'The challenge was good until 2026-11-23T10:05:00.000Z, and the CSR came at 2026-11-23T10:05:00.001Z: read the view again and build a new CSR.',
    },
  });
});
