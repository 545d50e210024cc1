import { describe, expect, test } from 'vitest';
import { base64, buildRequest, ecSpki, type Pieces, rsa2048, submission } from '../../../conformance/csr-cases/build-request.ts';
import { KEY_TYPES } from '../../../contract/key-types.ts';
import { bitString, NULL, oid, sequence } from '../../../core/asn1/write-der.ts';
import { judgeCsr } from '../../../core/csr/judge-csr.ts';
import { refuseUnreadable } from '../../../core/csr/refuse-unreadable.ts';
import { judgeKey } from '../../../core/keys/key-policy.ts';
import { deps } from './gate-deps.ts';

const NIST = '2.16.840.1.101.3.4';

/** The numbers are those of the NIST register and of RFC 8410 §3, written out here once more. */
const SIGNING: [name: string, id: string][] = [
  ['ML-DSA-44', `${NIST}.3.17`],
  ['ML-DSA-65', `${NIST}.3.18`],
  ['ML-DSA-87', `${NIST}.3.19`],
  ['SLH-DSA-SHA2-128s', `${NIST}.3.20`],
  ['SLH-DSA-SHA2-256f', `${NIST}.3.25`],
  ['SLH-DSA-SHAKE-128s', `${NIST}.3.26`],
  ['SLH-DSA-SHAKE-192f', `${NIST}.3.29`],
  ['SLH-DSA-SHAKE-256f', `${NIST}.3.31`],
  ['HashML-DSA-65', `${NIST}.3.33`],
  ['HashSLH-DSA-SHAKE-256f', `${NIST}.3.46`],
  ['Ed25519', '1.3.101.112'],
  ['Ed448', '1.3.101.113'],
];
const AGREEING: [name: string, id: string][] = [
  ['ML-KEM-512', `${NIST}.4.1`],
  ['ML-KEM-768', `${NIST}.4.2`],
  ['ML-KEM-1024', `${NIST}.4.3`],
  ['X25519', '1.3.101.110'],
  ['X448', '1.3.101.111'],
];

const spki = (id: string) => sequence(sequence(oid(id)), bitString(new Uint8Array(32)));
/** As such a library writes it: key and signature are of one algorithm. */
const own = (id: string): Pieces => ({ spki: spki(id), algorithm: sequence(oid(id)), signature: () => new Uint8Array(64) });

function refusalOf(der: Uint8Array): { code: string; detail: string; offset?: number } {
  const verdict = judgeCsr(submission({ der }), deps);
  if (verdict.ok) throw new Error('was accepted');
  return verdict.refusal;
}

describe('keys that will come', () => {
  test.each([
    ...SIGNING.map(([name, id]) => [name, id, 'key_type_not_taken_yet', `${name} keys are not taken yet.`]),
    ...AGREEING.map(([name, id]) => [name, id, 'key_type_cannot_sign', `An ${name} key can agree on keys, but sign no CSR.`]),
  ])('%s (%s) is called by its name, with what is taken today, before its signature algorithm is looked at', (_name, id, code, said) => {
    const der = buildRequest(own(id));
    const { detail, offset, ...rest } = refusalOf(der);
    expect([rest.code, detail]).toEqual([code, `${said} Taken today: ${KEY_TYPES.join(', ')}, of these what keyProfile.types lists.`]);
    expect(offset).toBe(Buffer.from(der).indexOf(oid(id)));
    // It needs no enrollment to say so: nothing of such a request is stored.
    expect(refuseUnreadable(base64(der))).toMatchObject({ code, detail });
    expect(() => judgeKey(spki(id), KEY_TYPES)).toThrow(expect.objectContaining({ code, message: detail }));
  });

  test('an algorithm next to them in the register is a plain unknown one', () => {
    for (const id of [`${NIST}.3.16`, `${NIST}.3.47`, `${NIST}.4.4`, '1.3.101.114'])
      expect(refusalOf(buildRequest({ spki: spki(id) }))).toMatchObject({ code: 'key_type_not_allowed' });
  });

  test.each<[string, Pieces, string]>([
    ['P-521', { spki: ecSpki(Uint8Array.of(4), '1.3.132.0.35') }, 'The curve, P-521, is neither P-256 nor P-384: make an EC P-256 key.'],
    ['an unknown curve', { spki: ecSpki(Uint8Array.of(4), '1.3.132.0.99') }, 'The curve is neither P-256 nor P-384: make an EC P-256 key.'],
    [
      'RSASSA-PSS',
      { spki: spki('1.2.840.113549.1.1.10') },
      'The algorithm of the public key, RSASSA-PSS, is neither id-ecPublicKey nor rsaEncryption: make an EC P-256 key.',
    ],
    [
      'an unknown one',
      { spki: spki('1.2.3.4') },
      'The algorithm of the public key is neither id-ecPublicKey nor rsaEncryption: make an EC P-256 key.',
    ],
  ])('what is known and not planned keeps its code: %s', (_name, pieces, detail) => {
    expect(refusalOf(buildRequest(pieces))).toMatchObject({ code: 'key_type_not_allowed', detail });
  });
});

const TAKEN = 'Taken: ecdsa-with-SHA256, ecdsa-with-SHA384, sha256WithRSAEncryption.';

describe('a signature algorithm that is not taken', () => {
  test.each<[string, Pieces, string]>([
    ...[...SIGNING, ...AGREEING].map(([name, id]): [string, Pieces, string] => [
      name,
      { algorithm: sequence(oid(id)) },
      `${name} is not taken. ${TAKEN}`,
    ]),
    ['SHA-1', { key: rsa2048, algorithm: sequence(oid('1.2.840.113549.1.1.5'), NULL) }, `sha1WithRSAEncryption is not taken. ${TAKEN}`],
    ['an unknown one', { algorithm: sequence(oid('1.2.3.4')) }, `The signature algorithm is none of those that are taken. ${TAKEN}`],
    ['nothing', { algorithm: sequence() }, `The signature algorithm is no AlgorithmIdentifier. ${TAKEN}`],
    [
      'ECDSA with NULL',
      { algorithm: sequence(oid('1.2.840.10045.4.3.2'), NULL) },
      'ecdsa-with-SHA256 has no parameters: leave out what stands behind its OBJECT IDENTIFIER (RFC 5758 §3.2).',
    ],
    [
      'RSA without NULL',
      { key: rsa2048, algorithm: sequence(oid('1.2.840.113549.1.1.11')) },
      'sha256WithRSAEncryption has NULL as its parameters: 05 00 stands behind its OBJECT IDENTIFIER, and nothing else (RFC 4055 §5).',
    ],
    [
      'SHA-384 with P-256',
      { algorithm: sequence(oid('1.2.840.10045.4.3.3')), digest: 'sha384' },
      'ecdsa-with-SHA384 does not go with a key of type EC:P-256: sign by ecdsa-with-SHA256.',
    ],
  ])('%s', (_name, pieces, detail) => {
    expect(refusalOf(buildRequest(pieces))).toMatchObject({ code: 'csr_profile_signature_algorithm', detail });
  });
});
