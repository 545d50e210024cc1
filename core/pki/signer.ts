import type { IssuerId } from '../../contract/key-types.ts';
import type { Octets } from './octets.ts';

/**
 * Port to the key of an issuer: a local file, an HSM. `sign` gives the signature over exactly `tbs` with SHA-256 and the key's own
 * scheme (RSA PKCS#1 v1.5; ECDSA as DER). Only this folder calls it: everything else goes through `signCertificate` and `buildCrl`.
 */
export interface Signer {
  readonly issuerId: IssuerId;
  readonly certificateDer: Octets;
  sign(tbs: Uint8Array): Uint8Array;
}
