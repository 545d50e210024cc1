import { createPublicKey } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { KEY_TYPES } from '../../../contract/key-types.ts';
import { ServiceError } from '../../../contract/service-error.ts';
import { oidText } from '../../../core/asn1/oid.ts';
import { readDer } from '../../../core/asn1/read-der.ts';
import * as der from '../../../core/asn1/write-der.ts';
import { authorise } from '../../../core/pki/authorise.ts';
import { lintCertificate } from '../../../core/pki/lint-certificate.ts';
import { OID } from '../../../core/pki/oids.ts';
import { prepareCertificate } from '../../../core/pki/prepare-certificate.ts';
import { END_ENTITY_PROFILES, EXTENSION_CRITICALITY } from '../../../core/pki/profiles.ts';
import { RFC5280_RULES } from '../../../core/pki/rfc5280-rules.ts';
import { at, derOf, type Tree, treeOf } from './der-tree.ts';
import { expectedOf, TEST_CONFIG, TEST_SERIAL, testHierarchy, testKey, testSigner } from './test-hierarchy.ts';

const hierarchy = testHierarchy();
const expected = expectedOf(hierarchy);
const good = prepareCertificate(expected, TEST_SERIAL).tbs;

const [VERSION, SERIAL, SIGNATURE, ISSUER, VALIDITY, SUBJECT, SPKI, EXTENSIONS] = [0, 1, 2, 3, 4, 5, 6, 7] as const;

function mutant(change: (tbs: Tree) => void): Uint8Array {
  const tree = treeOf(good);
  change(tree);
  return derOf(tree);
}

function extension(tbs: Tree, oid: string): Tree {
  const found = at(tbs, EXTENSIONS, 0).children?.find((node) => oidText(readDer(derOf(at(node, 0)))) === oid);
  if (found === undefined) throw new Error(`no extension ${oid}`);
  return found;
}

function drop(tbs: Tree, oid: string): void {
  const gone = extension(tbs, oid);
  const list = at(tbs, EXTENSIONS, 0);
  list.children = list.children?.filter((node) => node !== gone);
}

function setExtension(tbs: Tree, oid: string, critical: boolean, value: Uint8Array): void {
  const members = [der.oid(oid), ...(critical ? [der.boolean(true)] : []), der.octetString(value)];
  Object.assign(extension(tbs, oid), treeOf(der.sequence(...members)));
}

function valueOf(tbs: Tree, oid: string): Uint8Array {
  return extension(tbs, oid).children?.at(-1)?.content ?? new Uint8Array();
}

function turnRound(node: Tree): void {
  node.children = node.children?.toReversed();
}

function replace(node: Tree, by: Uint8Array): void {
  Object.assign(node, treeOf(by));
}

const uri = (text: string) => der.implicit(6, new TextEncoder().encode(text));
const cn = (value: Uint8Array) => der.sequence(der.set(der.sequence(der.oid(OID.commonName), value)));
const keyUsage = (octet: number, unused: number) => der.bitString(Uint8Array.of(octet), unused);

test('what the builder makes from an enrollment is what the linter reads', () => {
  expect(lintCertificate(good, expected)).toEqual([]);
});

describe('each rule of RFC 5280 refuses the certificate that breaks it', () => {
  const mutations: Record<string, Array<(tbs: Tree) => void>> = {
    version_3: [(tbs) => replace(at(tbs, VERSION, 0), der.integer(1)), (tbs) => tbs.children?.shift()],
    serial_positive: [(tbs) => replace(at(tbs, SERIAL), der.integer(-5)), (tbs) => replace(at(tbs, SERIAL), der.integer(0))],
    serial_20_octets: [(tbs) => replace(at(tbs, SERIAL), der.integer(1n << 160n))],
    signature_of_issuer: [
      (tbs) => replace(at(tbs, SIGNATURE), der.sequence(der.oid(OID.sha256WithRSAEncryption), der.NULL)),
      (tbs) => replace(at(tbs, SIGNATURE), der.sequence(der.oid(OID.ecdsaWithSHA256), der.NULL)),
    ],
    issuer_not_empty: [(tbs) => replace(at(tbs, ISSUER), der.sequence())],
    issuer_is_subject_of_issuer: [(tbs) => replace(at(tbs, ISSUER), cn(der.utf8String('Somebody else')))],
    time_form: [
      (tbs) => replace(at(tbs, VALIDITY, 0), der.tlv(0x18, Buffer.from('20260115102500Z'))),
      (tbs) => replace(at(tbs, VALIDITY, 1), der.tlv(0x17, Buffer.from('2701151025Z'))),
      (tbs) => replace(at(tbs, VALIDITY, 1), der.tlv(0x17, Buffer.from('270231102500Z'))),
    ],
    validity_order: [(tbs) => turnRound(at(tbs, VALIDITY))],
    subject_not_empty: [(tbs) => replace(at(tbs, SUBJECT), der.sequence())],
    name_strings: [(tbs) => replace(at(tbs, SUBJECT), cn(der.tlv(0x14, Buffer.from('u-1'))))],
    name_bounds: [
      (tbs) => replace(at(tbs, SUBJECT), cn(der.utf8String('u'.repeat(65)))),
      (tbs) => replace(at(tbs, SUBJECT), cn(der.utf8String(''))),
    ],
    key_algorithm: [
      (tbs) => replace(at(tbs, SPKI, 0, 1), der.oid('1.3.132.0.35')),
      (tbs) => replace(at(tbs, SPKI, 0, 0), der.oid(OID.rsaEncryption)),
    ],
    no_unique_identifiers: [(tbs) => tbs.children?.splice(EXTENSIONS, 0, treeOf(der.implicit(2, Uint8Array.of(0, 1))))],
    extensions_not_empty: [(tbs) => tbs.children?.pop()],
    no_duplicate_extension: [(tbs) => at(tbs, EXTENSIONS, 0).children?.push(extension(tbs, OID.extKeyUsage))],
    no_unknown_critical: [(tbs) => setExtension(tbs, OID.subjectAltName, true, valueOf(tbs, OID.subjectAltName))],
    authority_key_id: [
      (tbs) => drop(tbs, OID.authorityKeyIdentifier),
      (tbs) => setExtension(tbs, OID.authorityKeyIdentifier, true, valueOf(tbs, OID.authorityKeyIdentifier)),
      (tbs) => setExtension(tbs, OID.authorityKeyIdentifier, false, der.sequence()),
    ],
    subject_key_id: [
      (tbs) => drop(tbs, OID.subjectKeyIdentifier),
      (tbs) => setExtension(tbs, OID.subjectKeyIdentifier, false, der.octetString(new Uint8Array())),
    ],
    key_usage: [
      (tbs) => drop(tbs, OID.keyUsage),
      (tbs) => setExtension(tbs, OID.keyUsage, false, keyUsage(0x80, 7)),
      (tbs) => setExtension(tbs, OID.keyUsage, true, keyUsage(0x80, 6)),
      (tbs) => setExtension(tbs, OID.keyUsage, true, der.bitString(new Uint8Array())),
      (tbs) => setExtension(tbs, OID.keyUsage, true, Uint8Array.of(0x03, 0x05, 0x07)),
    ],
    cert_sign_only_for_ca: [
      (tbs) => setExtension(tbs, OID.keyUsage, true, keyUsage(0x84, 2)),
      (tbs) => setExtension(tbs, OID.basicConstraints, true, der.sequence(der.boolean(true))),
    ],
    ec_key_encipherment: [(tbs) => setExtension(tbs, OID.keyUsage, true, keyUsage(0xa0, 5))],
    policies_unique: [
      (tbs) => setExtension(tbs, OID.certificatePolicies, false, der.sequence(policy('2.25.1'), policy('2.25.1'))),
      (tbs) => setExtension(tbs, OID.certificatePolicies, false, der.sequence(der.sequence(der.oid('2.25.1'), der.sequence()))),
    ],
    alt_name_not_empty: [(tbs) => setExtension(tbs, OID.subjectAltName, false, der.sequence())],
    alt_name_absolute_uri: [
      (tbs) => setExtension(tbs, OID.subjectAltName, false, der.sequence(uri('/users/u-1'))),
      (tbs) => setExtension(tbs, OID.subjectAltName, false, der.sequence(uri('https://id.example.org/users/ü'))),
    ],
    basic_constraints: [
      (tbs) => drop(tbs, OID.basicConstraints),
      (tbs) => setExtension(tbs, OID.basicConstraints, false, der.sequence()),
      (tbs) => setExtension(tbs, OID.basicConstraints, true, der.sequence(der.boolean(false))),
    ],
    path_len_only_for_ca: [(tbs) => setExtension(tbs, OID.basicConstraints, true, der.sequence(der.integer(0)))],
    ext_key_usage: [
      (tbs) => setExtension(tbs, OID.extKeyUsage, false, der.sequence(der.oid(OID.anyExtendedKeyUsage))),
      (tbs) => setExtension(tbs, OID.extKeyUsage, false, der.sequence()),
      (tbs) => setExtension(tbs, OID.extKeyUsage, false, der.sequence(der.oid(OID.clientAuth), der.oid(OID.clientAuth))),
    ],
    purposes_fit_key_usage: [(tbs) => setExtension(tbs, OID.keyUsage, true, keyUsage(0x20, 5))],
    crl_distribution_points: [
      (tbs) => setExtension(tbs, OID.crlDistributionPoints, false, distributionPoint('https://pki.example.org/crl/issuing-ec.crl')),
      (tbs) => setExtension(tbs, OID.crlDistributionPoints, false, der.sequence(der.sequence())),
    ],
    authority_info_access: [
      (tbs) => setExtension(tbs, OID.authorityInfoAccess, false, der.sequence(der.sequence(der.oid(OID.caIssuers), uri('ldap://x')))),
      (tbs) => setExtension(tbs, OID.authorityInfoAccess, false, der.sequence()),
    ],
  };

  test('there is a broken certificate for every rule', () => {
    expect(Object.keys(mutations).toSorted()).toEqual(RFC5280_RULES.map(({ id }) => id).toSorted());
  });

  for (const [id, changes] of Object.entries(mutations)) {
    test.each(changes.map((change, i) => [i + 1, change] as const))(`${id} (%i)`, (_, change) => {
      expect(rulesOf(mutant(change))).toContain(id);
    });
  }
});

describe('each field that differs from profile and enrollment is refused by name', () => {
  const key = expectedOf(hierarchy, { keyType: 'EC:P-384' }).spki;
  const changes: Record<string, (tbs: Tree) => void> = {
    field_serial: (tbs) => replace(at(tbs, SERIAL), der.integer(4711)),
    field_signature: (tbs) => replace(at(tbs, SIGNATURE), der.sequence(der.oid('1.2.840.10045.4.3.3'))),
    field_issuer: (tbs) => replace(at(tbs, ISSUER), cn(der.utf8String('Somebody else'))),
    field_notBefore: (tbs) => replace(at(tbs, VALIDITY, 0), der.tlv(0x17, Buffer.from('260115102501Z'))),
    field_notAfter: (tbs) => replace(at(tbs, VALIDITY, 1), der.tlv(0x17, Buffer.from('360115102459Z'))),
    field_subject: (tbs) => replace(at(tbs, SUBJECT, 2, 0, 1), der.utf8String('u-2')),
    field_spki: (tbs) => replace(at(tbs, SPKI), key),
  };

  test.each(Object.entries(changes))('%s', (id, change) => {
    expect(rulesOf(mutant(change))).toContain(id);
  });
});

describe('each extension that is missing, repeated, of the wrong criticality or with another value is refused by name', () => {
  const names = ['basicConstraints', 'keyUsage', 'extKeyUsage', 'subjectKeyIdentifier', 'authorityKeyIdentifier'] as const;
  const others = ['certificatePolicies', 'subjectAltName', 'crlDistributionPoints', 'authorityInfoAccess'] as const;

  test('the table names every extension of the profile', () => {
    expect([...names, ...others].toSorted()).toEqual(Object.keys(EXTENSION_CRITICALITY).toSorted());
  });

  test.each([...names, ...others])('%s', (name) => {
    const oid = OID[name];
    const critical = EXTENSION_CRITICALITY[name];
    const id = `extension_${name}`;
    expect(rulesOf(mutant((tbs) => drop(tbs, oid)))).toContain(id);
    expect(rulesOf(mutant((tbs) => at(tbs, EXTENSIONS, 0).children?.push(extension(tbs, oid))))).toContain(id);
    expect(rulesOf(mutant((tbs) => setExtension(tbs, oid, !critical, valueOf(tbs, oid))))).toContain(id);
    expect(rulesOf(mutant((tbs) => setExtension(tbs, oid, critical, der.sequence(der.utf8String('x')))))).toContain(id);
  });

  test('an extension that the profile does not know', () => {
    const added = der.sequence(der.oid('1.2.3.4'), der.octetString(der.NULL));
    expect(rulesOf(mutant((tbs) => at(tbs, EXTENSIONS, 0).children?.push(treeOf(added))))).toContain('extension_unexpected');
  });

  test('extensions in another order than that of the profile', () => {
    const list = (tbs: Tree) => at(tbs, EXTENSIONS, 0);
    expect(rulesOf(mutant((tbs) => turnRound(list(tbs))))).toEqual(['extension_order']);
    const swapped = mutant((tbs) => list(tbs).children?.splice(0, 2, at(list(tbs), 1), at(list(tbs), 0)));
    expect(rulesOf(swapped)).toEqual(['extension_order']);
  });

  test.each([{ userId: '..' }, { userId: '.' }, { deviceId: '..' }])('an id that vanishes from its URI: %o', (ids) => {
    const input = { ...expected, ...ids };
    expect(namesIn(lintCertificate(prepareCertificate(input, TEST_SERIAL).tbs, input))).toEqual(['uri_dot_segment']);
  });
});

describe('a certificate of one enrollment does not pass for another', () => {
  const otherSpki = createPublicKey(testKey('issuing-ec')).export({ type: 'spki', format: 'der' });
  const other = { user: expectedOf(hierarchy, { kind: 'sdk' }), rsa: expectedOf(hierarchy, { keyType: 'RSA:2048' }) };

  test.each([
    ['user', { ...expected, userId: 'u-2' }, ['field_subject', 'extension_subjectAltName']],
    ['device', { ...expected, deviceId: 'd:2' }, ['extension_subjectAltName']],
    ['kind', other.user, ['field_subject', 'extension_extKeyUsage', 'extension_certificatePolicies']],
    ['key', { ...expected, spki: otherSpki }, ['field_spki', 'extension_subjectKeyIdentifier']],
    ['issuer', { ...expected, issuerCertificate: other.rsa.issuerCertificate }, ['field_issuer', 'extension_authorityKeyIdentifier']],
    ['base', { ...expected, config: { ...TEST_CONFIG, publicBaseUrl: 'http://other.example' } }, ['extension_crlDistributionPoints']],
  ])('another %s', (_, wanted, rules) => {
    expect(namesIn(lintCertificate(good, wanted))).toEqual(expect.arrayContaining(rules));
  });

  test('a key whose certificate would be signed by a CA of the other family', () => {
    const input = { ...expected, issuerCertificate: testSigner(hierarchy, 'issuing-rsa').certificateDer };
    const { tbs } = prepareCertificate(input, TEST_SERIAL);
    expect(namesIn(lintCertificate(tbs, input))).toContain('field_signature');
  });
});

describe('bytes that nobody expects', () => {
  test('any single changed octet is refused', () => {
    const missed = [...good.keys()].filter((i) => {
      const bytes = Uint8Array.from(good);
      bytes[i] = (bytes[i] ?? 0) ^ (1 << (i % 8));
      return lintCertificate(bytes, expected).length === 0;
    });
    expect(missed).toEqual([]);
  });

  test.each([
    ['nothing', new Uint8Array()],
    ['a truncated certificate', good.subarray(0, -1)],
    ['octets after the end', Buffer.concat([good, Uint8Array.of(0)])],
    ['another structure', der.sequence(der.NULL)],
    ['random text', Buffer.from('hello')],
  ])('%s is no strict DER of a certificate', (_, bytes) => {
    expect(rulesOf(bytes)).toContain('strict_der');
  });

  test('a certificate that OpenSSL does not verify under a throw-away key is refused', () => {
    const tbs = mutant((tree) => replace(at(tree, SIGNATURE), der.sequence(der.oid('1.2.840.10045.4.3.3'))));
    expect(rulesOf(tbs)).toContain('trial_signature');
  });
});

test('a fault in the profile itself meets the rules: EC with keyEncipherment needs the switch', () => {
  const { EC } = END_ENTITY_PROFILES.user.keyUsage;
  expect(EC).not.toContain('keyEncipherment');
  const config = { ...TEST_CONFIG, ecKeyEncipherment: true };
  const { tbs } = prepareCertificate({ ...expected, config }, TEST_SERIAL);
  expect(lintCertificate(tbs, { ...expected, config })).toEqual([]);
  expect(rulesOf(tbs)).toEqual(expect.arrayContaining(['ec_key_encipherment', 'extension_keyUsage']));
});

describe('what bytes and expectation agree on is still refused', () => {
  test.each(KEY_TYPES.flatMap((keyType) => KEY_TYPES.filter((other) => other !== keyType).map((other) => [keyType, other] as const)))(
    'a row that says %s about a key %s',
    (keyType, other) => {
      const input = { ...expectedOf(hierarchy, { keyType }), spki: expectedOf(hierarchy, { keyType: other }).spki };
      expect(namesIn(lintCertificate(prepareCertificate(input, TEST_SERIAL).tbs, input))).toContain('key_type');
    },
  );

  test.each([
    ['begins before', { notBefore: new Date('2026-01-14T10:29:59Z') }],
    ['ends after', { notAfter: new Date('2036-01-14T10:30:00Z') }],
  ])('a certificate that %s its issuer', (_, times) => {
    const input = { ...expected, validity: { ...expected.validity, ...times } };
    expect(namesIn(lintCertificate(prepareCertificate(input, TEST_SERIAL).tbs, input))).toEqual(['validity_within_issuer']);
  });
});

test('authorise refuses with the names of the broken rules', () => {
  const tbs = mutant((tree) => drop(tree, OID.extKeyUsage));
  expect(() => authorise(tbs, expected)).toThrowError(ServiceError);
  expect(() => authorise(tbs, expected)).toThrowError('The certificate breaks these rules: extension_extKeyUsage.');
});

test('an organization that is too long for a name is refused before anything is signed', () => {
  const input = { ...expected, config: { ...TEST_CONFIG, organization: 'x'.repeat(65) } };
  const { tbs } = prepareCertificate(input, TEST_SERIAL);
  expect(() => authorise(tbs, input)).toThrowError('name_bounds');
});

function policy(oid: string): Uint8Array {
  return der.sequence(der.oid(oid));
}

function distributionPoint(url: string): Uint8Array {
  return der.sequence(der.sequence(der.explicit(0, der.explicit(0, uri(url)))));
}

function rulesOf(tbs: Uint8Array): string[] {
  return namesIn(lintCertificate(tbs, expected));
}

function namesIn(findings: readonly string[]): string[] {
  return findings.map((finding) => finding.slice(0, finding.indexOf(':')));
}
