import type { DerNode } from '../asn1/read-der.ts';

/** What a DER value is that is no CertificationRequest (RFC 2986 §4.2), in a sentence; the usual wrong ones by their name. */
export function nameStructure({ tag, children }: DerNode): string {
  if (tag !== 0x30) return `The DER begins with the tag ${hex(tag)}, not with 30: a request is SEQUENCE { info, algorithm, signature }.`;
  const tags = children.map((child) => child.tag);
  const usual = USUAL.find(([shape]) => shape.length === tags.length && shape.every((one, i) => one === tags[i]));
  if (usual !== undefined) return usual[1];
  return tags.length === 3
    ? `The members of the request have the tags ${tags.map(hex).join(', ')}, not 30 (info), 30 (algorithm), 03 (signature).`
    : `The request is a SEQUENCE of ${tags.length}, not of the three members info, algorithm and signature.`;
}

/** Of the CertificationRequestInfo (RFC 2986 §4.1). */
export function nameInfo({ children }: DerNode): string {
  const tags = children.length === 0 ? 'no values' : `values with the tags ${children.map((child) => hex(child.tag)).join(', ')}`;
  return `The info holds ${tags}, not 02 (version), 30 (subject), 30 (public key), a0 (attributes).`;
}

const USUAL: readonly [tags: readonly number[], what: string][] = [
  [[0x02, 0x30, 0x30, 0xa0], 'The DER is the CertificationRequestInfo alone: sign it, and send SEQUENCE { info, algorithm, signature }.'],
  [[0x30, 0x03], 'The DER is a public key (SubjectPublicKeyInfo): make a CSR with it and sign that.'],
  [[0x02, 0x02], 'The DER is an RSA public key or an ECDSA signature, two INTEGERs: make a CSR and send that.'],
  [[0x06, 0xa0], 'The DER is PKCS#7 (CMS): send the PKCS#10 request itself.'],
  [[], 'The DER is an empty SEQUENCE: a request is SEQUENCE { info, algorithm, signature }.'],
];

function hex(tag: number): string {
  return tag.toString(16).padStart(2, '0');
}
