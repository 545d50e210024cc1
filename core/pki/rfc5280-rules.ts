import type { KeyFamily } from '../../contract/key-types.ts';
import { oidText } from '../asn1/oid.ts';
import { type DerNode, readDer } from '../asn1/read-der.ts';
import { readDerTime } from './der-time.ts';
import { sameOctets } from './octets.ts';
import { OID } from './oids.ts';
import { type ExtensionName, KEY_USAGE_BITS, type KeyUsageName } from './profiles.ts';
import type { ReadExtension, ReadTbs } from './read-certificate.ts';
import { signatureAlgorithm } from './signature-algorithm.ts';

/** What a rule looks at. */
export interface LintSubject {
  readonly tbs: ReadTbs;
  readonly issuerName: Uint8Array;
  readonly issuerFamily: KeyFamily;
  readonly ecKeyEncipherment: boolean;
}

export interface Rule {
  readonly id: string;
  readonly section: string;
  readonly sentence: string;
  /** May throw `DerError` on an extension value that is not DER; the linter takes this as broken. */
  readonly broken: (subject: LintSubject) => boolean;
}

/**
 * The closed list of rules that every certificate is held against, in the order of RFC 5280. They know nothing of our
 * profiles: a fault that got into profile and linter alike still meets them.
 */
export const RFC5280_RULES: readonly Rule[] = [
  rule('version_3', '§4.1.2.1', 'A certificate with extensions is version 3.', ({ tbs }) => {
    return tbs.version === undefined || !sameOctets(tbs.version.content, Uint8Array.of(0x02, 0x01, 0x02));
  }),
  rule('serial_positive', '§4.1.2.2', 'The serial number is a positive INTEGER.', ({ tbs }) => {
    return (tbs.serial.content[0] ?? 0x80) >= 0x80 || tbs.serial.content.every((octet) => octet === 0);
  }),
  rule('serial_20_octets', '§4.1.2.2', 'The serial number has at most 20 octets.', ({ tbs }) => tbs.serial.content.length > 20),
  rule('signature_of_issuer', '§4.1.2.3', 'The signature algorithm is SHA-256 with the key of the issuer.', ({ tbs, issuerFamily }) => {
    return !sameOctets(tbs.signature.raw, signatureAlgorithm(issuerFamily));
  }),
  rule('issuer_not_empty', '§4.1.2.4', 'The issuer is a non-empty name.', ({ tbs }) => tbs.issuer.children.length === 0),
  rule('issuer_is_subject_of_issuer', '§6.1.3 (a)(4)', "The issuer is the issuing certificate's subject.", ({ tbs, issuerName }) => {
    return !sameOctets(tbs.issuer.raw, issuerName);
  }),
  rule('time_form', '§4.1.2.5', 'Times are UTCTime through 2049 and GeneralizedTime from 2050, with seconds and Z.', ({ tbs }) => {
    return [tbs.notBefore, tbs.notAfter].some((node) => !isRightTime(node));
  }),
  rule('validity_order', '§4.1.2.5', 'notBefore is before notAfter.', ({ tbs }) => {
    const [start, end] = [readDerTime(tbs.notBefore), readDerTime(tbs.notAfter)];
    return start !== undefined && end !== undefined && start >= end;
  }),
  rule(
    'subject_not_empty',
    '§4.1.2.6',
    'The subject is a non-empty name, because the subject alternative name is not critical.',
    ({ tbs }) => {
      return tbs.subject.children.length === 0;
    },
  ),
  rule('name_strings', '§4.1.2.6', 'Names are UTF8String or PrintableString.', ({ tbs }) => {
    return nameValues(tbs).some(({ tag }) => tag !== 0x0c && tag !== 0x13);
  }),
  rule('name_bounds', 'appendix A.1', 'Organization, unit and common name have 1 to 64 characters.', ({ tbs }) => {
    return nameValues(tbs).some(({ content }) => content.length === 0 || Array.from(Buffer.from(content).toString('utf8')).length > 64);
  }),
  rule('key_algorithm', '§4.1.2.7', 'The key is RSA with NULL (RFC 3279 §2.3.1) or EC on a named curve (RFC 5480 §2.1.1).', ({ tbs }) => {
    return !isKnownKey(tbs.spki);
  }),
  rule('no_unique_identifiers', '§4.1.2.8', 'There are no unique identifiers, nor anything else that is not an extension.', ({ tbs }) => {
    return tbs.unexpected.length > 0;
  }),
  rule('extensions_not_empty', '§4.1.2.9', 'There is at least one extension.', ({ tbs }) => tbs.extensions.length === 0),
  rule('no_duplicate_extension', '§4.2', 'No extension comes twice.', ({ tbs }) => hasDuplicates(tbs.extensions.map(({ oid }) => oid))),
  rule('no_unknown_critical', '§4.2', 'Only basic constraints and key usage are critical.', ({ tbs }) => {
    const mayBe: readonly string[] = [OID.basicConstraints, OID.keyUsage];
    return tbs.extensions.some(({ oid, critical }) => critical && !mayBe.includes(oid));
  }),
  rule('authority_key_id', '§4.2.1.1', 'The authority key identifier is there, with a keyIdentifier, not critical.', ({ tbs }) => {
    const found = extensionOf(tbs, 'authorityKeyIdentifier');
    return found === undefined || found.critical || valueOf(found).children[0]?.tag !== 0x80;
  }),
  rule('subject_key_id', '§4.2.1.2', 'The subject key identifier is there, not empty, not critical.', ({ tbs }) => {
    const found = extensionOf(tbs, 'subjectKeyIdentifier');
    return found === undefined || found.critical || valueOf(found).tag !== 0x04 || valueOf(found).content.length === 0;
  }),
  rule('key_usage', '§4.2.1.3', 'Key usage is there, critical, with at least one bit and no trailing zero bits.', ({ tbs }) => {
    const found = extensionOf(tbs, 'keyUsage');
    return found === undefined || !found.critical || !isNamedBitList(valueOf(found));
  }),
  rule(
    'cert_sign_only_for_ca',
    '§4.2.1.9',
    'keyCertSign is set exactly in CA certificates.',
    ({ tbs }) => isCa(tbs) !== hasUsage(tbs, 'keyCertSign'),
  ),
  rule('ec_key_encipherment', 'RFC 8813 §3', 'An EC key has no keyEncipherment.', ({ tbs, ecKeyEncipherment }) => {
    return !ecKeyEncipherment && keyAlgorithm(tbs.spki) === OID.ecPublicKey && hasUsage(tbs, 'keyEncipherment');
  }),
  rule('policies_unique', '§4.2.1.4', 'No policy comes twice, and policies have no qualifiers.', ({ tbs }) => {
    const policies = membersOf(tbs, 'certificatePolicies');
    return hasDuplicates(policies.map(({ raw }) => hex(raw))) || policies.some(({ children }) => children.length !== 1);
  }),
  rule('alt_name_not_empty', '§4.2.1.6', 'A subject alternative name holds at least one name.', ({ tbs }) => {
    return extensionOf(tbs, 'subjectAltName') !== undefined && membersOf(tbs, 'subjectAltName').length === 0;
  }),
  rule('alt_name_absolute_uri', '§4.2.1.6', 'URIs are absolute and ASCII.', ({ tbs }) => {
    const uris = membersOf(tbs, 'subjectAltName').filter(({ tag }) => tag === URI);
    return uris.some((node) => !/^[A-Za-z][A-Za-z0-9+.-]*:[\x21-\x7e]+$/.test(textOf(node)));
  }),
  rule('basic_constraints', '§4.2.1.9', 'Basic constraints are there and critical; FALSE is the default and not encoded.', ({ tbs }) => {
    const found = extensionOf(tbs, 'basicConstraints');
    if (found === undefined || !found.critical || valueOf(found).tag !== 0x30) return true;
    return valueOf(found).children.some(({ tag, content }) => tag === 0x01 && content[0] === 0);
  }),
  rule('path_len_only_for_ca', '§4.2.1.9', 'pathLenConstraint is there only when cA is TRUE, and not negative.', ({ tbs }) => {
    const pathLen = membersOf(tbs, 'basicConstraints').find(({ tag }) => tag === 0x02);
    return pathLen !== undefined && (!isCa(tbs) || (pathLen.content[0] ?? 0x80) >= 0x80);
  }),
  rule(
    'ext_key_usage',
    '§4.2.1.12',
    'Extended key usage, where present, names purposes once each, and not anyExtendedKeyUsage.',
    ({ tbs }) => {
      const purposes = membersOf(tbs, 'extKeyUsage').map(oidText);
      const empty = extensionOf(tbs, 'extKeyUsage') !== undefined && purposes.length === 0;
      return empty || hasDuplicates(purposes) || purposes.includes(OID.anyExtendedKeyUsage);
    },
  ),
  rule('purposes_fit_key_usage', '§4.2.1.12', 'clientAuth and documentSigning need digitalSignature.', ({ tbs }) => {
    const purposes = membersOf(tbs, 'extKeyUsage').map(oidText);
    return purposes.some((purpose) => SIGNING_PURPOSES.includes(purpose)) && !hasUsage(tbs, 'digitalSignature');
  }),
  rule('crl_distribution_points', '§4.2.1.13', 'Every CRL distribution point holds a name, and URLs are plain http (§8).', ({ tbs }) => {
    const points = membersOf(tbs, 'crlDistributionPoints');
    const names = points.map(({ children }) => children.find(({ tag }) => tag === 0xa0)?.children[0]?.children ?? []);
    return names.some((name) => name.length === 0 || !name.every(isHttpUrl));
  }),
  rule(
    'authority_info_access',
    '§4.2.2.1',
    'Authority information access holds at least one method, and URLs are plain http (§8).',
    ({ tbs }) => {
      if (extensionOf(tbs, 'authorityInfoAccess') === undefined) return false;
      const methods = membersOf(tbs, 'authorityInfoAccess');
      return methods.length === 0 || !methods.every(({ children }) => children[1] !== undefined && isHttpUrl(children[1]));
    },
  ),
];

const URI = 0x86;
const SIGNING_PURPOSES: readonly string[] = [OID.clientAuth, OID.documentSigning];

function rule(id: string, section: string, sentence: string, broken: Rule['broken']): Rule {
  return { id, section, sentence, broken };
}

function extensionOf(tbs: ReadTbs, name: ExtensionName): ReadExtension | undefined {
  return tbs.extensions.find(({ oid }) => oid === OID[name]);
}

function valueOf(extension: ReadExtension): DerNode {
  return readDer(extension.value);
}

function membersOf(tbs: ReadTbs, name: ExtensionName): readonly DerNode[] {
  const extension = extensionOf(tbs, name);
  return extension === undefined ? [] : valueOf(extension).children;
}

function isCa(tbs: ReadTbs): boolean {
  return membersOf(tbs, 'basicConstraints').some(({ tag, content }) => tag === 0x01 && content[0] === 0xff);
}

function hasUsage(tbs: ReadTbs, name: KeyUsageName): boolean {
  const extension = extensionOf(tbs, 'keyUsage');
  const octet = extension === undefined ? 0 : (valueOf(extension).content[1] ?? 0);
  return (octet & (0x80 >> KEY_USAGE_BITS[name])) !== 0;
}

/** X.690 §11.2.2: the last bit that is written is a one, so an empty list and trailing zeros both fail. */
function isNamedBitList({ tag, content }: DerNode): boolean {
  const last = content.at(-1) ?? 0;
  return tag === 0x03 && content.length > 1 && ((last >> (content[0] ?? 0)) & 1) === 1;
}

function isRightTime(node: DerNode): boolean {
  const date = readDerTime(node);
  return date !== undefined && (node.tag === 0x17) === (date.getUTCFullYear() >= 1950 && date.getUTCFullYear() < 2050);
}

function nameValues(tbs: ReadTbs): DerNode[] {
  const attributes = [tbs.issuer, tbs.subject].flatMap((name) => name.children).flatMap((rdn) => rdn.children);
  return attributes.flatMap(({ children }) => children.slice(1));
}

function keyAlgorithm(spki: DerNode): string | undefined {
  const id = spki.children[0]?.children[0];
  return id === undefined ? undefined : oidText(id);
}

function isKnownKey(spki: DerNode): boolean {
  const parameters = spki.children[0]?.children[1];
  if (keyAlgorithm(spki) === OID.rsaEncryption) return parameters?.tag === 0x05;
  if (keyAlgorithm(spki) !== OID.ecPublicKey || parameters?.tag !== 0x06) return false;
  const curve = oidText(parameters);
  return curve === OID.prime256v1 || curve === OID.secp384r1;
}

/** RFC 5280 §8 advises against https and ldaps here: checking their certificate could need the very file. */
function isHttpUrl(node: DerNode): boolean {
  return node.tag === URI && /^http:\/\/[\x21-\x7e]+$/.test(textOf(node));
}

function hasDuplicates(texts: readonly string[]): boolean {
  return new Set(texts).size !== texts.length;
}

function textOf({ content }: DerNode): string {
  return Buffer.from(content).toString('latin1');
}

function hex(octets: Uint8Array): string {
  return Buffer.from(octets).toString('hex');
}
