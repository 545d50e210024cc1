import { DerError, type DerNode, readDer } from '../asn1/read-der.ts';
import { refuseKeyOfTomorrow } from '../keys/refuse-key-of-tomorrow.ts';
import { asRefusal } from './as-refusal.ts';
import { checkName } from './check-name.ts';
import { CsrRefused } from './csr-refusal.ts';
import { nameInfo, nameStructure } from './name-structure.ts';
import { type CsrAttributes, readAttributes } from './read-attributes.ts';
import { readSignatureAlgorithm, type SignatureAlgorithm } from './signature-algorithm.ts';

/** A PKCS#10 request that fits the profile; nothing about its key, challenge or signature is judged yet. */
export interface Pkcs10 {
  /** CertificationRequestInfo: the octets under the signature. */
  readonly info: Uint8Array;
  readonly spki: { readonly octets: Uint8Array; readonly offset: number };
  readonly subject: DerNode;
  readonly attributes: CsrAttributes;
  readonly algorithm: SignatureAlgorithm & { readonly offset: number };
  /** `offset`: of the BIT STRING; `inside`: of the first octet of the signature. */
  readonly signature: { readonly octets: Uint8Array; readonly offset: number; readonly inside: number };
}

/** Strict DER only. Throws `CsrRefused` `csr_not_der`. */
export function readCsrDer(der: Uint8Array): DerNode {
  return asNotDer(() => readDer(der));
}

/**
 * Reads a CertificationRequest (RFC 2986 §4) and checks it against the profile of protocol §3. Pure, may be repeated.
 * Throws `CsrRefused`: `csr_profile_…`, `key_type_not_taken_yet`, `key_type_cannot_sign`, or `csr_certificate_sent` and `csr_private_key_sent` when the DER is one of those.
 */
export function readPkcs10(request: DerNode): Pkcs10 {
  refuseOtherFiles(request);
  const [info, algorithm, signature, ...rest] = request.children;
  if (request.tag !== 0x30 || info?.tag !== 0x30 || algorithm?.tag !== 0x30 || signature?.tag !== 0x03 || rest.length > 0)
    throw structure(request, nameStructure(request));
  const [version, subject, spki, attributes, ...others] = info.children;
  if (version?.tag !== 0x02 || subject === undefined || spki?.tag !== 0x30 || others.length > 0) throw structure(info, nameInfo(info));
  if (version.content.length !== 1 || version.content[0] !== 0) throw new CsrRefused('csr_profile_version', VERSION, version.offset);
  asNotDer(() => checkName(subject));
  if (attributes?.tag !== 0xa0)
    throw new CsrRefused(
      'csr_profile_attributes',
      'attributes [0] is missing: it stands behind the public key, with the tag a0.',
      (attributes ?? info).offset,
    );
  const readable = asNotDer(() => readAttributes(attributes));
  refuseTomorrow(spki);
  return {
    info: info.raw,
    subject,
    spki: { octets: spki.raw, offset: spki.offset },
    attributes: readable,
    algorithm: { ...readSignatureAlgorithm(algorithm), offset: algorithm.offset },
    signature: { octets: wholeOctets(signature), offset: signature.offset, inside: signature.offset + signature.headerLength + 1 },
  };
}

const VERSION = 'The version is another number than 0: PKCS#10 version 1 is INTEGER 0, 02 01 00.';

/** Before the signature algorithm, which goes with the key and would be refused first (ADR 55). */
function refuseTomorrow({ children: [algorithm] }: DerNode): void {
  const [id] = algorithm?.children ?? [];
  if (id !== undefined) asRefusal(() => refuseKeyOfTomorrow(id.raw, id.offset));
}

const CERTIFICATE = 'The DER is a certificate: send the request that the device signs for this enrollment.';

/** Names of the usual wrong file, before the structure is refused in general. */
function refuseOtherFiles({ tag, children: [first, second, third] }: DerNode): void {
  if (tag !== 0x30 || first === undefined) return;
  // RFC 5208 and RFC 5958 (02, 30, 04), RFC 8017 A.1.2 (02, 02), RFC 5915 (02, 04).
  const keyLike = isKeyVersion(first) && (second?.tag === 0x30 ? third?.tag === 0x04 : second?.tag === 0x02 || second?.tag === 0x04);
  // RFC 5958 §3 EncryptedPrivateKeyInfo.
  const encryptedKey = first.tag === 0x30 && second?.tag === 0x04 && third === undefined;
  if (keyLike || encryptedKey) throw new CsrRefused('csr_private_key_sent');
  if (isPkcs12(first, second)) throw new CsrRefused('csr_private_key_sent', 'A PKCS#12 file, which holds a private key, was sent.');
  if (first.tag === 0x30 && first.children[0]?.tag === 0xa0) throw new CsrRefused('csr_certificate_sent', CERTIFICATE, 0);
}

/** RFC 7292 §4: version 3 and a ContentInfo. */
function isPkcs12({ tag, content }: DerNode, second: DerNode | undefined): boolean {
  return tag === 0x02 && content.length === 1 && content[0] === 3 && second?.tag === 0x30;
}

/** 0 or 1; a PKCS#1 public key, which begins with its modulus, is no private key. */
function isKeyVersion({ tag, content }: DerNode): boolean {
  return tag === 0x02 && content.length === 1 && (content[0] === 0 || content[0] === 1);
}

function wholeOctets({ content, offset }: DerNode): Uint8Array {
  if (content[0] !== 0)
    throw new CsrRefused(
      'csr_profile_structure',
      'The signature is not a whole number of octets: its BIT STRING begins with 00, no unused bits.',
      offset,
    );
  return content.subarray(1);
}

function structure({ offset }: DerNode, detail: string): CsrRefused {
  return new CsrRefused('csr_profile_structure', detail, offset);
}

function asNotDer<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof DerError) throw new CsrRefused('csr_not_der', `The DER holds ${error.reason}.`, error.offset, error.rule);
    throw error;
  }
}
