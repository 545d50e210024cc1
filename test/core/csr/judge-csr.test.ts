import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { CSR_REFUSALS, type CsrRefusalCode } from '../../../contract/csr-refusal-codes.ts';
import { toEnrollmentId } from '../../../contract/ids.ts';
import { KEY_TYPES } from '../../../contract/key-types.ts';
import { readDer } from '../../../core/asn1/read-der.ts';
import {
  bitString,
  boolean,
  explicit,
  implicitSet,
  integer,
  NULL,
  octetString,
  oid,
  printableString,
  sequence,
  set,
  tlv,
  utf8String,
} from '../../../core/asn1/write-der.ts';
import { makeChallenge } from '../../../core/csr/challenge.ts';
import { type CsrSubmissionInput, judgeCsr } from '../../../core/csr/judge-csr.ts';
import {
  ALGORITHM,
  base64,
  bindingAttribute,
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
  rsa2048,
  rsaSpki,
  spkiOf,
  subjectWith,
  submission,
  thumbprint,
} from './csr-builder.ts';
import { closePrimesModulus, rocaModulus, soundModulus } from './rsa-moduli.ts';

const binding = bindingAttribute(thumbprint(delivery));
const bySha256 = { key: rsa2048, algorithm: ALGORITHM.rs256 };

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

type Case = [title: string, input: CsrSubmissionInput];
const der = (title: string, pieces: Pieces): Case => [title, submission({ der: buildRequest(pieces) })];
const text = (title: string, csrText: string): Case => [title, submission({ csrText })];
const jwk = (title: string, deliveryKey: unknown): Case => [title, submission({ deliveryKey })];

const good = buildRequest();
const [x, y] = coordinates();
const otherDelivery = { ...delivery, x: x.toString('base64url'), y: y.toString('base64url') };
const p521 = generateKeyPairSync('ec', { namedCurve: 'secp521r1' }).privateKey;
const k256 = generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).privateKey;
const ed25519 = generateKeyPairSync('ed25519').privateKey;
const rsa1024 = generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey;
const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

/** Every code of the closed list but `key_in_use`, which only the database can decide. */
const CASES: Record<Exclude<CsrRefusalCode, 'key_in_use'>, Case[]> = {
  csr_too_large: [
    text('more than 16 KiB of DER', base64(new Uint8Array(16_385))),
    text('a text that no request needs', 'A'.repeat(65_537)),
    der('a large unknown attribute', {
      attributes: [...goodAttributes(), sequence(oid('1.2.3'), set(octetString(new Uint8Array(16_300))))],
    }),
  ],
  csr_encoding: [
    text('nothing', ''),
    text('hex with a colon', '30:82:01'),
    text('hex of the DER', Buffer.from(good).toString('hex')),
    text('hex in upper case', Buffer.from(good).toString('hex').toUpperCase()),
    text('no line break after BEGIN', pem(good).replace('\n', '')),
    text('escaped line breaks', pem(good).replaceAll('\n', '\\n')),
    text('no END line', pem(good).split('-----END')[0] ?? ''),
    text('an empty line in the block', pem(good).replace('\n', '\n\n')),
    text('header lines as in old PEM', pem(good).replace('\n', '\nProc-Type: 4,ENCRYPTED\n')),
    text('spare bits that are not zero', 'MAF='),
    text('a byte order mark', `\ufeff${base64(good)}`),
    text('an empty block', '-----BEGIN CERTIFICATE REQUEST-----\n-----END CERTIFICATE REQUEST-----'),
  ],
  csr_encoding_base64url: [
    text('base64url', Buffer.from('fbff', 'hex').toString('base64url').padEnd(4, 'A')),
    text('base64url with padding', '-_8='),
    text('base64url in a PEM block', pem(Uint8Array.of(0xff, 0xff, 0xff)).replace('////', '____')),
  ],
  csr_encoding_padding: [text('no padding', 'MAA'), text('one = too few', 'MA=')],
  csr_encoding_line_breaks: [text('bare base64 in lines', base64(good).replaceAll(/(.{76})/g, '$1\r\n'))],
  csr_encoding_label: [text('the old label', pem(good, 'NEW CERTIFICATE REQUEST')), text('a public key', pem(good, 'PUBLIC KEY'))],
  csr_encoding_several_blocks: [
    text('two requests', pem(good) + pem(good)),
    text('a request and a chain', pem(good) + pem(good, 'CERTIFICATE')),
  ],
  csr_encoding_text_around: [text('text before', `subject=\n${pem(good)}`), text('text after', `${pem(good)}-- \nJane`)],
  csr_certificate_sent: [
    text('a CERTIFICATE block', pem(good, 'CERTIFICATE')),
    text('the DER of a certificate', base64(sequence(sequence(explicit(0, integer(2)), integer(1)), ALGORITHM.es256, bitString(x)))),
  ],
  csr_private_key_sent: [
    text('PKCS#8 PEM', p256.export({ format: 'pem', type: 'pkcs8' }).toString()),
    text('the key after the request', pem(good) + p256.export({ format: 'pem', type: 'sec1' }).toString()),
    text('an encrypted key', encryptedPem()),
    text('PKCS#8 DER', base64(p256.export({ format: 'der', type: 'pkcs8' }))),
    text('PKCS#1 DER', base64(rsa2048.export({ format: 'der', type: 'pkcs1' }))),
    text('SEC1 DER', base64(p256.export({ format: 'der', type: 'sec1' }))),
    text('encrypted PKCS#8 DER', base64(p256.export({ format: 'der', type: 'pkcs8', cipher: 'aes-256-cbc', passphrase: 'test' }))),
  ],
  csr_not_der: [
    ['octets after the end', submission({ der: Uint8Array.of(...good, 0) })],
    ['an indefinite length', submission({ der: Uint8Array.of(0x30, 0x80, 0, 0) })],
    ['a cut-off request', submission({ der: good.subarray(0, -1) })],
    der('a version that is not minimal', { version: Uint8Array.of(2, 2, 0, 0) }),
    der('an arc that is not minimal', { attributes: [...goodAttributes(), sequence(tlv(6, Uint8Array.of(0x2a, 0x80, 1)), set(NULL))] }),
    der('an OID of boundless length', { attributes: [...goodAttributes(), sequence(tlv(6, new Uint8Array(4_000).fill(1)), set(NULL))] }),
  ],
  csr_profile_structure: [
    text('an empty SEQUENCE', base64(sequence())),
    text('a bare public key', base64(spkiOf(p256))),
    text('a number', base64(integer(5))),
    text(
      'a signature with unused bits',
      base64(sequence(sequence(integer(0), sequence(), spkiOf(p256), implicitSet(0)), ALGORITHM.es256, bitString(Uint8Array.of(0xf0), 4))),
    ),
    text('a member after the signature', base64(sequence(...members(good), NULL))),
    der('a fifth member of info', { wholeAttributes: Buffer.concat([implicitSet(0, ...goodAttributes()), NULL]) }),
  ],
  csr_profile_version: [der('version 1', { version: integer(1) }), der('version -1', { version: integer(-1) })],
  csr_profile_subject: [
    der('a NUL in the CN', { subject: subjectWith(utf8String('a\0b')) }),
    der('a line break in the CN', { subject: subjectWith(utf8String('a\nb')) }),
    der('UTF-8 that is not', { subject: subjectWith(tlv(0x0c, Uint8Array.of(0xc0, 0xaf))) }),
    der('_ in a PrintableString', { subject: subjectWith(printableString('a_b'), '2.5.4.5') }),
    der('an octet above 127 in an IA5String', { subject: subjectWith(tlv(0x16, Uint8Array.of(0xe4)), '1.2.840.113549.1.9.1') }),
    der('half a BMPString character', { subject: subjectWith(tlv(0x1e, Uint8Array.of(0, 0x41, 0))) }),
    der('a lone surrogate', { subject: subjectWith(tlv(0x1e, Uint8Array.of(0xd8, 0))) }),
    der('a UniversalString above U+10FFFF', { subject: subjectWith(tlv(0x1c, Uint8Array.of(0, 0x11, 0, 0))) }),
    der('an INTEGER as CN', { subject: subjectWith(integer(1)) }),
    der('an empty value', { subject: subjectWith(utf8String('')) }),
    der('a value of 1025 octets', { subject: subjectWith(utf8String('a'.repeat(1_025))) }),
    der('an empty RDN', { subject: sequence(set()) }),
    der('a type twice in an RDN', { subject: sequence(set(...['a', 'b'].map((cn) => sequence(oid('2.5.4.3'), utf8String(cn))))) }),
    der('a SEQUENCE as RDN', { subject: sequence(sequence(sequence(oid('2.5.4.3'), utf8String('a')))) }),
    der('33 RDNs', { subject: sequence(...Array.from({ length: 33 }, () => set(sequence(oid('2.5.4.3'), utf8String('a'))))) }),
    der('a subject that is a string', { subject: utf8String('CN=a') }),
    der('9 attributes in an RDN', {
      subject: sequence(set(...Array.from({ length: 9 }, (_, i) => sequence(oid(`2.5.4.${i + 3}`), utf8String('a'))))),
    }),
    der('an attribute without a value', { subject: sequence(set(sequence(oid('2.5.4.3')))) }),
  ],
  csr_profile_attributes: [
    der('no attributes member', { wholeAttributes: new Uint8Array() }),
    der('[1] instead of [0]', { wholeAttributes: explicit(1, ...goodAttributes()) }),
    der('an attribute without values', { attributes: [...goodAttributes(), sequence(oid('1.2.3'), set())] }),
    der('a value outside of a SET', { attributes: [...goodAttributes(), sequence(oid('1.2.3'), NULL)] }),
    der('an attribute that is a string', { attributes: [...goodAttributes(), utf8String('a')] }),
  ],
  csr_profile_attribute_order: [der('the challenge first', { wholeAttributes: explicit(0, ...goodAttributes().toReversed()) })],
  csr_profile_attribute_repeated: [
    der('two challenges', {
      attributes: [binding, challengeAttribute(utf8String(challenge)), challengeAttribute(utf8String('b'.repeat(82)))],
    }),
    der('two bindings', { attributes: [...goodAttributes(), bindingAttribute(new Uint8Array(32))] }),
    der('an unknown one twice', { attributes: [...goodAttributes(), ...[1, 2].map((n) => sequence(oid('1.2.3'), set(integer(n))))] }),
  ],
  csr_profile_challenge: [
    der('an IA5String', { attributes: [binding, challengeAttribute(tlv(0x16, Buffer.from(challenge)))] }),
    der('an OCTET STRING', { attributes: [binding, challengeAttribute(octetString(Buffer.from(challenge, 'hex')))] }),
    der('two values', { attributes: [binding, challengeAttribute(utf8String(challenge), utf8String(challenge))] }),
  ],
  csr_profile_delivery_binding: [
    der('the thumbprint as text', {
      attributes: [bindingAttribute(Buffer.from(thumbprint(delivery).toString('base64url'))), challengeAttribute(utf8String(challenge))],
    }),
    der('31 octets', { attributes: [bindingAttribute(new Uint8Array(31)), challengeAttribute(utf8String(challenge))] }),
    der('a BIT STRING', {
      attributes: [sequence(oid('1.2.840.113549.1.9.16.2.54'), set(tlv(3, new Uint8Array(32)))), challengeAttribute(utf8String(challenge))],
    }),
  ],
  csr_profile_extension_request: [
    der('no extension', { attributes: [...goodAttributes(), extensionRequest()] }),
    der('an extension twice', { attributes: [...goodAttributes(), extensionRequest(extension('2.5.29.17'), extension('2.5.29.17'))] }),
    der('two values', {
      attributes: [
        ...goodAttributes(),
        sequence(oid('1.2.840.113549.1.9.14'), set(...['2.5.29.17', '2.5.29.15'].map((id) => sequence(extension(id))))),
      ],
    }),
    der('critical that is not a BOOLEAN', {
      attributes: [...goodAttributes(), extensionRequest(sequence(oid('2.5.29.17'), integer(-1), octetString(NULL)))],
    }),
    der('critical FALSE written out', {
      attributes: [...goodAttributes(), extensionRequest(sequence(oid('2.5.29.17'), boolean(false), octetString(NULL)))],
    }),
    der('a value that is not DER', {
      attributes: [...goodAttributes(), extensionRequest(sequence(oid('2.5.29.17'), octetString(Uint8Array.of(0x30, 0x80))))],
    }),
    der('an extension without a value', { attributes: [...goodAttributes(), extensionRequest(sequence(oid('2.5.29.17')))] }),
  ],
  csr_profile_signature_algorithm: [
    der('SHA-1 with RSA', { key: rsa2048, algorithm: sequence(oid('1.2.840.113549.1.1.5'), NULL) }),
    der('RSA without NULL', { key: rsa2048, algorithm: sequence(oid('1.2.840.113549.1.1.11')) }),
    der('ECDSA with NULL', { algorithm: sequence(oid('1.2.840.10045.4.3.2'), NULL) }),
    der('SHA-384 with P-256', { algorithm: ALGORITHM.es384, digest: 'sha384' }),
    der('an RSA algorithm for an EC key', { algorithm: ALGORITHM.rs256 }),
    der('an EC algorithm for an RSA key', { key: rsa2048, algorithm: ALGORITHM.es256 }),
  ],
  key_type_not_allowed: [
    der('P-521', { key: p521 }),
    der('secp256k1', { key: k256 }),
    der('Ed25519', { spki: spkiOf(ed25519) }),
    der('RSASSA-PSS', { spki: sequence(sequence(oid('1.2.840.113549.1.1.10')), bitString(Uint8Array.of(0))) }),
    der('2056 bits', { ...bySha256, spki: rsaSpki((1n << 2055n) + 1n) }),
    der('8192 bits', { ...bySha256, spki: rsaSpki((1n << 8191n) + 1n) }),
  ],
  key_encoding: [
    der('explicit curve parameters', {
      spki: sequence(sequence(oid('1.2.840.10045.2.1'), sequence(integer(1))), bitString(Uint8Array.of(4))),
    }),
    der('a third member of the algorithm', {
      spki: sequence(sequence(oid('1.2.840.10045.2.1'), oid('1.2.840.10045.3.1.7'), NULL), bitString(Uint8Array.of(4, ...x, ...y))),
    }),
    der('no curve', { spki: sequence(sequence(oid('1.2.840.10045.2.1')), bitString(Uint8Array.of(4))) }),
    der('RSA without NULL', { spki: sequence(sequence(oid('1.2.840.113549.1.1.1')), bitString(sequence(integer(3), integer(3)))) }),
    der('a negative modulus', { spki: rsaSpki(-(1n << 2047n) + 1n) }),
    der('modulus 0', { spki: rsaSpki(0n) }),
    der('octets after the RSAPublicKey', {
      spki: sequence(sequence(oid('1.2.840.113549.1.1.1'), NULL), bitString(Buffer.concat([sequence(integer(3), integer(3)), NULL]))),
    }),
    der('three numbers', {
      spki: sequence(sequence(oid('1.2.840.113549.1.1.1'), NULL), bitString(sequence(integer(3), integer(3), integer(3)))),
    }),
    der('unused bits', {
      spki: sequence(sequence(oid('1.2.840.10045.2.1'), oid('1.2.840.10045.3.1.7')), bitString(Uint8Array.of(4, 0), 1)),
    }),
    der('an empty SEQUENCE', { spki: sequence() }),
  ],
  key_point_compressed: [
    der('02 and x', { spki: ecSpki(Uint8Array.of(2, ...x)) }),
    der('03 and x', { spki: ecSpki(Uint8Array.of(3, ...x)) }),
  ],
  key_point_invalid: [
    der('infinity, which aborts Node when a KeyObject is asked about it', { spki: ecSpki(Uint8Array.of(0)) }),
    der('no octet', { spki: ecSpki(new Uint8Array()) }),
    der('x and y swapped', { spki: ecSpki(Uint8Array.of(4, ...y, ...x)) }),
    der('a hybrid form', { spki: ecSpki(Uint8Array.of(6, ...x, ...y)) }),
    der('a lost octet', { spki: ecSpki(Uint8Array.of(4, ...x.subarray(1), ...y)) }),
    der('a P-256 point called P-384', { spki: ecSpki(Uint8Array.of(4, ...x, ...y), '1.3.132.0.34') }),
    der('x above the field', { spki: ecSpki(Uint8Array.of(4, ...new Uint8Array(32).fill(0xff), ...y)) }),
    der('zero', { spki: ecSpki(Uint8Array.of(4, ...new Uint8Array(64))) }),
  ],
  key_weak_rsa_size: [
    der('1024 bits', { key: rsa1024, algorithm: ALGORITHM.rs256 }),
    der('2047 bits in 256 octets', { ...bySha256, spki: rsaSpki((1n << 2046n) + 1n) }),
    der('modulus 1', { ...bySha256, spki: rsaSpki(1n) }),
  ],
  key_weak_exponent: [1n, 3n, 17n, 65_539n, 65_536n].map((e) => der(`e = ${e}`, { ...bySha256, spki: rsaSpki(soundModulus(), e) })),
  key_weak_factor: [
    der('an even modulus', { ...bySha256, spki: rsaSpki(1n << 2047n) }),
    der('a factor 7919, the thousandth prime', { ...bySha256, spki: rsaSpki(multipleOf(7_919n)) }),
  ],
  key_weak_roca: [der('the fingerprint', { ...bySha256, spki: rsaSpki(rocaModulus()) })],
  key_weak_close_primes: [
    der('neighbouring primes', { ...bySha256, spki: rsaSpki(closePrimesModulus(1n)) }),
    der('found in the last rounds', { ...bySha256, spki: rsaSpki(closePrimesModulus(100n)) }),
  ],
  challenge_missing: [der('only the binding', { attributes: [binding] }), der('no attribute at all', { attributes: [] })],
  challenge_mismatch: [
    der('the challenge in upper case', { attributes: [binding, challengeAttribute(utf8String(challenge.toUpperCase()))] }),
    der('a challenge of an unknown key id', { attributes: [binding, challengeAttribute(utf8String(`08${challenge.slice(2)}`))] }),
    der('a later expiry', { attributes: [binding, challengeAttribute(utf8String(challenge.replace(/^(.{17})./, '$1f')))] }),
    der('a challenge too short', { attributes: [binding, challengeAttribute(utf8String(challenge.slice(0, -2)))] }),
    ['the challenge of another enrollment', submission({ enrollmentId: toEnrollmentId('0b6a7c1e-5d2f-4e38-9a41-7f3c2d1b0a98') })],
  ],
  challenge_expired: [
    ['at its very end', submission({ receivedAt: new Date(receivedAt.getTime() + 300_000) })],
    ['long after', submission({ receivedAt: new Date('2030-01-01') })],
  ],
  delivery_key_invalid: [
    jwk('nothing', undefined),
    jwk('null', null),
    jwk('an array', [delivery]),
    jwk('a text', 'EC'),
    jwk('one member more', { ...delivery, kid: 'a' }),
    jwk('one member fewer', { kty: 'EC', crv: 'P-256', x: delivery.x }),
    jwk('a member name with a comma', { 'crv,kty': 'EC', x: delivery.x, y: delivery.y }),
    jwk('P-384', { ...delivery, crv: 'P-384' }),
    jwk('OKP', { ...delivery, kty: 'OKP' }),
    jwk('x with padding', { ...delivery, x: `${delivery.x}=` }),
    jwk('x that is a number', { ...delivery, x: 5 }),
    jwk('x with spare bits set', { ...delivery, x: withSpareBits(delivery.x) }),
    jwk('x and y swapped', { ...delivery, x: delivery.y, y: delivery.x }),
  ],
  delivery_key_private_sent: [jwk('a private JWK', { ...delivery, d: 'AA' })],
  delivery_key_not_bound: [
    jwk('another key than the one in the CSR', otherDelivery),
    der('no binding attribute', { attributes: [challengeAttribute(utf8String(challenge))] }),
  ],
  csr_signature_invalid: [
    der('a signature by another key', {
      signature: (info) => sign('sha256', info, generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey),
    }),
    der('raw r and s', { signature: (info) => sign('sha256', info, { key: p256, dsaEncoding: 'ieee-p1363' }) }),
    der('r = 0', { signature: () => sequence(integer(0), integer(1)) }),
    der('s = n', { signature: () => sequence(integer(1), integer(order)) }),
    der('a negative r', { signature: () => sequence(integer(-1), integer(1)) }),
    der('three numbers', { signature: () => sequence(integer(1), integer(1), integer(1)) }),
    der('octets after the signature', { signature: (info) => Buffer.concat([sign('sha256', info, p256), NULL]) }),
    der('nothing', { signature: () => new Uint8Array() }),
    der('an RSA signature one octet short', { ...bySha256, signature: (info) => sign('sha256', info, rsa2048).subarray(1) }),
    der('an RSA signature above the modulus', { ...bySha256, signature: () => new Uint8Array(256).fill(0xff) }),
    der('PSS where PKCS#1 v1.5 was said', { ...bySha256, signature: (info) => sign('sha256', info, { key: rsa2048, padding: 6 }) }),
  ],
};

const ALL = Object.entries(CASES).flatMap(([code, cases]) => cases.map(([title, input]) => ({ code, title, input })));

describe('a faulty submission is refused with the code of its first fault', () => {
  test.each(ALL)('$code: $title', ({ code, input }) => {
    const verdict = judgeCsr(input, deps);
    expect(verdict).toMatchObject({ ok: false, refusal: { code } });
  });

  test('every code of the closed list has a case, but the one that the database decides', () => {
    const seen = Object.entries(CASES)
      .filter(([, cases]) => cases.length > 0)
      .map(([code]) => code);
    expect([...seen, 'key_in_use'].toSorted()).toEqual(Object.keys(CSR_REFUSALS).toSorted());
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

function extension(id: string, critical = false): Uint8Array {
  return sequence(oid(id), ...(critical ? [boolean(true)] : []), octetString(sequence()));
}

function members(der: Uint8Array): Uint8Array[] {
  return readDer(der).children.map(({ raw }) => raw);
}

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

function coordinates(): [Buffer, Buffer] {
  const { x = '', y = '' } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).publicKey.export({ format: 'jwk' });
  return [Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')];
}

/** 43 characters carry 258 bits: the last two stand for nothing. */
function withSpareBits(text: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  return text.slice(0, -1) + alphabet.charAt(alphabet.indexOf(text.slice(-1)) + 1);
}

function multipleOf(prime: bigint): bigint {
  const odd = ((1n << 2047n) / prime + 1n) | 1n;
  let factor = odd;
  while ([3n, 5n, 7n, 11n].some((small) => factor % small === 0n)) factor += 2n;
  return factor * prime;
}

function encryptedPem(): string {
  return p256.export({ format: 'pem', type: 'pkcs8', cipher: 'aes-256-cbc', passphrase: 'test' }).toString();
}
