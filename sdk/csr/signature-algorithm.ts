import type { KeyType } from '../../contract/key-types.ts';
import { NULL, objectIdentifier, sequence } from '../der/write-der.ts';

export interface SignatureAlgorithm {
  /** AlgorithmIdentifier. RFC 5758 §3.2: ECDSA without parameters; RFC 4055 §5: RSA with NULL. */
  readonly identifier: Buffer;
  readonly hash: 'SHA-256' | 'SHA-384';
  /** The same by Node's name. */
  readonly digest: 'sha256' | 'sha384';
}

/** How a user key of this type signs its CSR. */
export function signatureAlgorithm(type: KeyType): SignatureAlgorithm {
  switch (type) {
    case 'EC:P-256':
      return { identifier: sequence(objectIdentifier('1.2.840.10045.4.3.2')), hash: 'SHA-256', digest: 'sha256' };
    case 'EC:P-384':
      return { identifier: sequence(objectIdentifier('1.2.840.10045.4.3.3')), hash: 'SHA-384', digest: 'sha384' };
    case 'RSA:2048':
    case 'RSA:3072':
    case 'RSA:4096':
      return { identifier: sequence(objectIdentifier('1.2.840.113549.1.1.11'), NULL), hash: 'SHA-256', digest: 'sha256' };
  }
}
