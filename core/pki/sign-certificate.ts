import { verify } from 'node:crypto';
import { bitString, sequence } from '../asn1/write-der.ts';
import { redeem, type SigningToken } from './authorise.ts';
import { issuerFacts } from './issuer-facts.ts';
import { type Octets, octetsOf, sameOctets } from './octets.ts';
import { readCertificate, readTbs } from './read-certificate.ts';
import { signatureAlgorithm } from './signature-algorithm.ts';
import type { Signer } from './signer.ts';

/**
 * Signs the bytes that the token stands for and gives the certificate, DER, after it was read back and verified. The one way to a
 * device certificate: no token, no signature. Uses the token up even when it throws; `authorise` the stored bytes again then (with
 * ECDSA a repetition gives another signature over the same bytes). Throws an `Error` on a used token, a token for another issuer,
 * or a signature that does not verify.
 */
export function signCertificate(token: SigningToken, signer: Signer): Octets {
  const { tbs, issuerCertificate } = redeem(token);
  if (!sameOctets(issuerCertificate, signer.certificateDer)) throw new Error(`The token was not given for the issuer ${signer.issuerId}.`);
  const { family } = issuerFacts(issuerCertificate);
  const der = octetsOf(sequence(tbs, signatureAlgorithm(family), bitString(signer.sign(tbs))));
  requireSigned(der, tbs, signer);
  return der;
}

function requireSigned(der: Octets, tbs: Octets, { issuerId, certificateDer }: Signer): void {
  const issuer = issuerFacts(certificateDer);
  const read = readCertificate(der);
  if (!sameOctets(read.tbs, tbs)) throw new Error('The signed certificate does not hold the authorised bytes.');
  if (!sameOctets(readTbs(read.tbs).issuer.raw, issuer.name))
    throw new Error(`The signed certificate does not name the issuer ${issuerId}.`);
  if (!verify('sha256', read.tbs, issuer.publicKey, read.signature)) throw new Error(`The signature of ${issuerId} does not verify.`);
}
