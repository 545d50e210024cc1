import type { KeyFamily } from '../../contract/key-types.ts';
import { NULL, oid, sequence } from '../asn1/write-der.ts';
import { OID } from './oids.ts';

/** AlgorithmIdentifier, DER, by which an issuer of this family signs: RFC 4055 §5 wants NULL for RSA, RFC 5758 §3.2 nothing for ECDSA. */
export function signatureAlgorithm(family: KeyFamily): Uint8Array {
  return family === 'RSA' ? sequence(oid(OID.sha256WithRSAEncryption), NULL) : sequence(oid(OID.ecdsaWithSHA256));
}
