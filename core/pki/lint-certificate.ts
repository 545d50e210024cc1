import { DerError } from '../asn1/read-der.ts';
import { type ExpectedCertificate, type ExpectedFields, expectedFields } from './expected-fields.ts';
import { hasKeyType } from './has-key-type.ts';
import { type IssuerFacts, issuerFacts } from './issuer-facts.ts';
import { sameOctets } from './octets.ts';
import { OID } from './oids.ts';
import { EXTENSION_CRITICALITY, type ExtensionName } from './profiles.ts';
import { type ReadExtension, type ReadTbs, readTbs } from './read-certificate.ts';
import { type LintSubject, RFC5280_RULES, type Rule } from './rfc5280-rules.ts';
import { trialSignatureFault } from './trial-signature.ts';

/**
 * Everything that is wrong with a to-be-signed certificate, as `<rule>: <sentence>`; empty when it may be signed. Reads the
 * bytes with the strict reader, compares every field and every extension with profile and input, holds them against the closed
 * list of RFC 5280 rules, and has them signed by a throw-away key. Pure but for that key; may be repeated. Never throws on
 * hostile bytes. Model: zlint before signing, as in boulder's issuance/cert.go.
 */
export function lintCertificate(tbs: Uint8Array, expected: ExpectedCertificate): string[] {
  // First, because the type of the key chooses extensions and issuer: nothing can be expected of another key.
  if (!hasKeyType(expected.spki, expected.keyType)) return [`key_type: The key is not ${expected.keyType}, as the enrollment says.`];
  const issuer = issuerFacts(expected.issuerCertificate);
  const ground = { issuerName: issuer.name, issuerFamily: issuer.family, ecKeyEncipherment: expected.config.ecKeyEncipherment };
  const findings = [...validityFaults(expected, issuer), ...idFaults(expected), ...lintTbs(tbs, expectedFields(expected), ground)];
  const fault = trialSignatureFault(tbs, issuer.publicKey);
  return fault === undefined ? findings : [...findings, `trial_signature: ${fault}`];
}

/** The same for any certificate whose fields are known, CA certificates included; without the trial signature. */
export function lintTbs(tbs: Uint8Array, expected: ExpectedFields, ground: Omit<LintSubject, 'tbs'>): string[] {
  const read = readOrReason(tbs);
  if (typeof read === 'string') return [`strict_der: ${read}.`];
  const broken = RFC5280_RULES.filter((rule) => isBroken(rule, { ...ground, tbs: read }));
  return [...differentFields(read, expected), ...broken.map(({ id, section, sentence }) => `${id}: ${sentence} (${section})`)];
}

/** Bytes and expectation may agree on this one. */
function validityFaults({ validity }: ExpectedCertificate, issuer: IssuerFacts): string[] {
  const within = validity.notBefore >= issuer.notBefore && validity.notAfter <= issuer.notAfter;
  return within ? [] : ['validity_within_issuer: The certificate would be valid outside the validity of its issuer.'];
}

/** Builder and expectation write the same URI; encoding would not help, because RFC 3986 §6.2.2.2 takes %2E for a dot. */
function idFaults({ userId, deviceId }: ExpectedCertificate): string[] {
  const vanishes = [userId, deviceId].some((id) => id === '.' || id === '..');
  return vanishes ? ['uri_dot_segment: The ids "." and ".." vanish from a URI path (RFC 3986 §5.2.4).'] : [];
}

function readOrReason(tbs: Uint8Array): ReadTbs | string {
  try {
    return readTbs(tbs);
  } catch (error) {
    if (error instanceof DerError) return error.message;
    throw error;
  }
}

/** An extension value that the rule cannot read breaks it. */
function isBroken(rule: Rule, subject: LintSubject): boolean {
  try {
    return rule.broken(subject);
  } catch (error) {
    if (error instanceof DerError) return true;
    throw error;
  }
}

const FIELDS = ['serial', 'signature', 'issuer', 'notBefore', 'notAfter', 'subject', 'spki'] as const;

function differentFields(read: ReadTbs, expected: ExpectedFields): string[] {
  const different = FIELDS.filter((field) => !sameOctets(read[field].raw, expected[field]));
  const extensions = [...expected.extensions].flatMap(([name, value]) => extensionFaults(read, name, value));
  const wanted: readonly string[] = [...expected.extensions.keys()].map((name) => OID[name]);
  const unknown = read.extensions.filter(({ oid }) => !wanted.includes(oid));
  const places = read.extensions.map(({ oid }) => wanted.indexOf(oid)).filter((place) => place !== -1);
  return [
    ...different.map((field) => `field_${field}: It is not what profile and enrollment say.`),
    ...extensions,
    ...unknown.map(({ oid }) => `extension_unexpected: The profile has no extension ${oid}.`),
    ...(isAscending(places) ? [] : ['extension_order: The extensions do not stand in the order of the profile.']),
  ];
}

/** Equal neighbours are fine here: what comes twice is found elsewhere. */
function isAscending(places: readonly number[]): boolean {
  return places.every((place, i) => i === 0 || place >= (places[i - 1] ?? 0));
}

function extensionFaults(read: ReadTbs, name: ExtensionName, value: Uint8Array): string[] {
  const [found, ...more] = read.extensions.filter(({ oid }) => oid === OID[name]);
  if (found === undefined) return [`extension_${name}: It is missing.`];
  const twice = more.length > 0 ? [`extension_${name}: It comes ${more.length + 1} times.`] : [];
  return [...twice, ...differences(found, name, value)];
}

function differences(found: ReadExtension, name: ExtensionName, value: Uint8Array): string[] {
  const critical = EXTENSION_CRITICALITY[name];
  const faults = found.critical === critical ? [] : [`extension_${name}: It must ${critical ? '' : 'not '}be critical.`];
  return sameOctets(found.value, value) ? faults : [...faults, `extension_${name}: Its value is not what profile and enrollment say.`];
}
