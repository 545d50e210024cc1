import { type KeyObject, X509Certificate } from 'node:crypto';
import { DerError } from '../der/read-der.ts';
import { SdkError } from '../sdk-error.ts';
import { type CertificateFacts, readCertificateFacts } from './read-extensions.ts';

/** One certificate of the credentials with its chain, PEM as received. */
export interface ChainInput {
  /** For messages: `user` or `sdk`. */
  readonly name: 'user' | 'sdk';
  readonly certificate: string;
  readonly chain: readonly string[];
  /** PEM, from the app. */
  readonly roots: readonly string[];
  /** Server time (`Date` of the last answer), never the clock of the phone. */
  readonly now: Date;
}

/**
 * Checks `certificate ← issuing CA ← root`: exactly these two in the chain, the root byte for byte one of the app's own, names, signatures,
 * SHA-256, validity, CA flags and key usages, clientAuth. Returns the parsed certificate. Throws `certificate_refused`: do not acknowledge.
 */
export function checkChain(input: ChainInput): X509Certificate {
  const refuse = (reason: string) => new SdkError('certificate_refused', `the ${input.name} certificate is refused: ${reason}`);
  const [issuingPem, rootPem, ...more] = input.chain;
  if (issuingPem === undefined || rootPem === undefined || more.length > 0) throw refuse('the chain must be the issuing CA and the root');
  const [leaf, issuing, root] = [parse(input.certificate, refuse), parse(issuingPem, refuse), parse(rootPem, refuse)];
  if (!input.roots.some((pem) => parse(pem, refuse).raw.equals(root.raw))) throw refuse('its root is not one that this app trusts');
  for (const [child, parent] of [[root, root] as const, [issuing, root] as const, [leaf, issuing] as const])
    checkLink(child, parent, refuse);
  for (const certificate of [leaf, issuing, root]) checkValidity(certificate, input.now, refuse);
  for (const authority of [issuing, root]) checkAuthority(authority, refuse);
  checkLeaf(leaf, refuse);
  return leaf;
}

/** Throws `certificate_refused` unless the certificate is for this key. */
export function checkKeyFits(certificate: X509Certificate, privateKey: KeyObject): void {
  if (!certificate.checkPrivateKey(privateKey))
    throw new SdkError('certificate_refused', 'the user certificate is not for the key of the CSR');
}

type Refuse = (reason: string) => SdkError;

function checkLink(child: X509Certificate, parent: X509Certificate, refuse: Refuse): void {
  if (!child.checkIssued(parent)) throw refuse(`${parent.subject} did not issue ${child.subject}`);
  if (!child.verify(parent.publicKey)) throw refuse(`the signature of ${child.subject} does not verify`);
}

function checkValidity(certificate: X509Certificate, now: Date, refuse: Refuse): void {
  const [from, to] = [Date.parse(certificate.validFrom), Date.parse(certificate.validTo)];
  if (!(from <= now.getTime() && now.getTime() <= to)) throw refuse(`${certificate.subject} is not valid at ${now.toISOString()}`);
}

function checkAuthority(certificate: X509Certificate, refuse: Refuse): void {
  const facts = factsOf(certificate, refuse);
  if (!certificate.ca || !facts.keyCertSign) throw refuse(`${certificate.subject} may not sign certificates`);
}

function checkLeaf(certificate: X509Certificate, refuse: Refuse): void {
  const facts = factsOf(certificate, refuse);
  if (certificate.ca) throw refuse('it is a CA');
  if (!facts.digitalSignature) throw refuse('it may not make digital signatures');
  if (!facts.clientAuth) throw refuse('it lacks clientAuth');
}

function factsOf(certificate: X509Certificate, refuse: Refuse): CertificateFacts {
  const facts = readFacts(certificate, refuse);
  if (facts.unknownCritical) throw refuse('it has a critical extension that is not understood');
  if (!facts.signedWithSha256) throw refuse('it is not signed with SHA-256');
  return facts;
}

function readFacts(certificate: X509Certificate, refuse: Refuse): CertificateFacts {
  try {
    return readCertificateFacts(certificate.raw);
  } catch (error) {
    if (error instanceof DerError) throw refuse(error.message);
    throw error;
  }
}

function parse(pem: string, refuse: Refuse): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch {
    throw refuse('not a certificate in PEM');
  }
}
