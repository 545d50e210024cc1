import { verify } from 'node:crypto';
import { issuerFacts } from './issuer-facts.ts';
import { sameOctets } from './octets.ts';
import { type ReadCrl, readCrl } from './read-crl.ts';

/**
 * Reads a CRL (DER) and makes sure that this issuer (certificate, DER) signed it: for the import of the root's CRL and for what our
 * own signers made. Pure. Throws an `Error` as `readCrl` does, and when issuer or signature are another's. RFC 5280 §6.3.3 (f), (g).
 */
export function readVerifiedCrl(der: Uint8Array, issuerCertificate: Uint8Array): ReadCrl {
  const issuer = issuerFacts(issuerCertificate);
  const crl = readCrl(der);
  if (!sameOctets(crl.issuer, issuer.name)) throw new Error('The CRL names another issuer.');
  if (!verify('sha256', crl.tbs, issuer.publicKey, crl.signature)) throw new Error('The signature of the CRL does not verify.');
  return crl;
}
