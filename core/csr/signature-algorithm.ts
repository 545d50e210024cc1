import { familyOf, type KeyFamily, type KeyType } from '../../contract/key-types.ts';
import { compareOctets } from '../asn1/compare-octets.ts';
import type { DerNode } from '../asn1/read-der.ts';
import { NULL, oid, sequence } from '../asn1/write-der.ts';
import { CsrRefused } from './csr-refusal.ts';
import { refusedAlgorithm } from './refused-algorithm.ts';

export interface SignatureAlgorithm {
  readonly name: string;
  readonly family: KeyFamily;
  readonly digest: 'sha256' | 'sha384';
  /** The one AlgorithmIdentifier: ECDSA without parameters (RFC 5758 §3.2), RSA with NULL (RFC 4055 §5). */
  readonly der: Uint8Array;
  /** Its parameters, in words, to stand behind "has". */
  readonly parameters: string;
}

const NONE = 'no parameters: leave out what stands behind its OBJECT IDENTIFIER (RFC 5758 §3.2)';

const ALGORITHMS: readonly SignatureAlgorithm[] = [
  { name: 'ecdsa-with-SHA256', family: 'EC', digest: 'sha256', der: sequence(oid('1.2.840.10045.4.3.2')), parameters: NONE },
  { name: 'ecdsa-with-SHA384', family: 'EC', digest: 'sha384', der: sequence(oid('1.2.840.10045.4.3.3')), parameters: NONE },
  {
    name: 'sha256WithRSAEncryption',
    family: 'RSA',
    digest: 'sha256',
    der: sequence(oid('1.2.840.113549.1.1.11'), NULL),
    parameters: 'NULL as its parameters: 05 00 stands behind its OBJECT IDENTIFIER, and nothing else (RFC 4055 §5)',
  },
];

/** Compared as octets: OID and parameters in one. Throws `CsrRefused` `csr_profile_signature_algorithm`. */
export function readSignatureAlgorithm(node: DerNode): SignatureAlgorithm {
  const found = ALGORITHMS.find(({ der }) => compareOctets(der, node.raw) === 0);
  if (found === undefined) throw new CsrRefused('csr_profile_signature_algorithm', refusedAlgorithm(node, ALGORITHMS), node.offset);
  return found;
}

/** A P-256 key signs with SHA-256 only; P-384 with either; RSA with its own. */
export function algorithmFits(algorithm: SignatureAlgorithm, type: KeyType): boolean {
  return algorithm.family === familyOf(type) && !(type === 'EC:P-256' && algorithm.digest !== 'sha256');
}

/** The names of those that fit a key of this type. */
export function algorithmsFor(type: KeyType): string {
  return ALGORITHMS.filter((one) => algorithmFits(one, type))
    .map(({ name }) => name)
    .join(' or ');
}
