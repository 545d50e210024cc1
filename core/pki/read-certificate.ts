import { oidText } from '../asn1/oid.ts';
import { DerError, type DerNode, readDer } from '../asn1/read-der.ts';
import type { Octets } from './octets.ts';

/** An extension as it stands in the bytes; `value` is the content of its OCTET STRING. */
export interface ReadExtension {
  readonly oid: string;
  readonly critical: boolean;
  readonly value: Uint8Array;
}

/** RFC 5280 §4.1.2 as it stands in the bytes: nothing is defaulted, judged or normalized. */
export interface ReadTbs {
  readonly version: DerNode | undefined;
  readonly serial: DerNode;
  readonly signature: DerNode;
  readonly issuer: DerNode;
  readonly notBefore: DerNode;
  readonly notAfter: DerNode;
  readonly subject: DerNode;
  readonly spki: DerNode;
  /** Members after the key other than one extensions member: unique identifiers or anything else. */
  readonly unexpected: readonly DerNode[];
  readonly extensions: readonly ReadExtension[];
}

/**
 * Reads a to-be-signed certificate with the strict reader. Pure. Throws `DerError` when the bytes are not DER or not of the
 * shape of RFC 5280 §4.1; everything else is left to the linter.
 */
export function readTbs(der: Uint8Array): ReadTbs {
  const root = readDer(der);
  const members = membersOf(root, 0x30, 'TBSCertificate');
  const version = members[0]?.tag === 0xa0 ? members[0] : undefined;
  const [serial, signature, issuer, validity, subject, spki, ...rest] = version === undefined ? members : members.slice(1);
  const [notBefore, notAfter, ...more] = membersOf(present(validity, root), 0x30, 'Validity');
  if (more.length > 0) throw new DerError(root.offset, 'a Validity of more than two times');
  const holders = rest.filter((node) => node.tag === 0xa3);
  return {
    version,
    serial: tagged(serial, 0x02, root),
    signature: tagged(signature, 0x30, root),
    issuer: tagged(issuer, 0x30, root),
    notBefore: present(notBefore, root),
    notAfter: present(notAfter, root),
    subject: tagged(subject, 0x30, root),
    spki: tagged(spki, 0x30, root),
    unexpected: [...rest.filter((node) => node.tag !== 0xa3), ...holders.slice(1)],
    extensions: holders[0] === undefined ? [] : readExtensions(holders[0]),
  };
}

/** A whole certificate: what was signed, by which algorithm, and the signature. Throws `DerError`. */
export function readCertificate(der: Uint8Array): { tbs: Octets; signatureAlgorithm: Octets; signature: Octets } {
  const root = readDer(der);
  const [tbs, algorithm, signature, ...more] = membersOf(root, 0x30, 'Certificate');
  if (more.length > 0) throw new DerError(root.offset, 'a Certificate of more than three members');
  const bits = tagged(signature, 0x03, root);
  return {
    tbs: Uint8Array.from(tagged(tbs, 0x30, root).raw),
    signatureAlgorithm: Uint8Array.from(tagged(algorithm, 0x30, root).raw),
    signature: Uint8Array.from(bits.content.subarray(1)),
  };
}

/** Extensions ::= SEQUENCE SIZE (1..MAX) OF Extension inside an explicit tag (RFC 5280 §4.1). Throws `DerError`. */
export function readExtensions(holder: DerNode): ReadExtension[] {
  const [list, ...more] = holder.children;
  if (list === undefined || more.length > 0) throw new DerError(holder.offset, 'an extensions member that does not hold one list');
  return membersOf(list, 0x30, 'Extensions').map(readExtension);
}

function readExtension(node: DerNode): ReadExtension {
  const [id, ...rest] = membersOf(node, 0x30, 'Extension');
  const flag = rest[0]?.tag === 0x01 ? rest[0] : undefined;
  const [value, ...more] = flag === undefined ? rest : rest.slice(1);
  if (more.length > 0) throw new DerError(node.offset, 'an Extension of too many members');
  // X.690 §11.5: a DEFAULT value is not encoded, so FALSE has no business here.
  if (flag?.content[0] === 0) throw new DerError(flag.offset, 'an encoded DEFAULT (critical FALSE)');
  return { oid: oidText(present(id, node)), critical: flag !== undefined, value: tagged(value, 0x04, node).content };
}

function membersOf(node: DerNode, tag: number, what: string): readonly DerNode[] {
  if (node.tag !== tag) throw new DerError(node.offset, `not a ${what}`);
  return node.children;
}

function tagged(node: DerNode | undefined, tag: number, parent: DerNode): DerNode {
  const found = present(node, parent);
  if (found.tag !== tag) throw new DerError(found.offset, `a member of another type than ${tag.toString(16)}`);
  return found;
}

function present(node: DerNode | undefined, parent: DerNode): DerNode {
  if (node === undefined) throw new DerError(parent.offset, 'a member is missing');
  return node;
}
