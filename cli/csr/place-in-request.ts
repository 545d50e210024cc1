import { DerError, type DerNode, readDer } from '../../core/asn1/read-der.ts';

/** Names of the members of RFC 2986 §4, by their place. */
const REQUEST = ['CertificationRequestInfo', 'signatureAlgorithm', 'signature'];
const INFO = ['version', 'subject', 'subjectPublicKeyInfo', 'attributes'];

/** In which part of the request an octet stands, in words, such as `CertificationRequestInfo, subject`; nothing when the DER cannot be read. */
export function placeInRequest(der: Uint8Array, offset: number): string | undefined {
  const root = treeOf(der);
  if (root === undefined) return undefined;
  const [part, name] = memberAt(root, offset, REQUEST);
  if (part === undefined || name === undefined) return undefined;
  if (name !== 'CertificationRequestInfo') return name;
  const [inner, innerName] = memberAt(part, offset, INFO);
  if (inner === undefined || innerName === undefined) return name;
  const index = inner.children.findIndex((child) => covers(child, offset));
  return innerName === 'attributes' && index !== -1 ? `attributes, number ${index + 1}` : innerName;
}

function memberAt(node: DerNode, offset: number, names: readonly string[]): [DerNode | undefined, string | undefined] {
  const index = node.children.findIndex((child) => covers(child, offset));
  return [node.children[index], names[index]];
}

function covers({ offset: start, raw }: DerNode, offset: number): boolean {
  return offset >= start && offset < start + raw.length;
}

function treeOf(der: Uint8Array): DerNode | undefined {
  try {
    return readDer(der);
  } catch (error) {
    if (error instanceof DerError) return undefined;
    throw error;
  }
}
