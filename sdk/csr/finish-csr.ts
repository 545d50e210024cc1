import { verify } from 'node:crypto';
import { DerError, DerReader } from '../der/read-der.ts';
import { bitString, sequence } from '../der/write-der.ts';
import { SdkError } from '../sdk-error.ts';
import { csrPem } from './csr-pem.ts';
import { type PublicUserKey, readPublicKey } from './public-key.ts';
import { signatureAlgorithm } from './signature-algorithm.ts';
import { type SignatureForm, signatureOctets } from './signature-form.ts';

export interface SignedCsrInput {
  /** `CsrToSign.octets`, unchanged. */
  readonly octets: Uint8Array;
  readonly signature: Uint8Array;
  /** Always said, never guessed: a `raw` signature may look like `der`. */
  readonly form: SignatureForm;
}

export interface FinishedCsr {
  readonly der: Buffer;
  /** One `CERTIFICATE REQUEST` block: member `csr` of `POST …/csr`. */
  readonly pem: string;
}

/**
 * Second half of a CSR: puts the signature of an external signer to the octets of `csrToSign`, after it was verified under the public key in
 * them. Repeatable. Throws `SdkError`: `signature_refused` (not of that form, not canonical, does not verify), `configuration` (the octets are
 * no CertificationRequestInfo of ours). Source: RFC 2986 §4.2, RFC 3279 §2.2.3.
 */
export function finishCsr({ octets, signature, form }: SignedCsrInput): FinishedCsr {
  const info = Buffer.from(octets);
  const signer = publicKeyIn(info);
  const value = signatureOctets({ keyType: signer.type, signature: Buffer.from(signature), form });
  const { identifier, hash, digest } = signatureAlgorithm(signer.type);
  if (!verify(digest, info, signer.key, value)) throw unverified(signer, hash);
  const der = sequence(info, identifier, bitString(value));
  return { der, pem: csrPem(der) };
}

function publicKeyIn(info: Buffer): PublicUserKey {
  try {
    const reader = new DerReader(DerReader.one(info, 0x30).content);
    for (const tag of [0x02, 0x30]) reader.next(tag);
    const spki = reader.next(0x30).encoding;
    reader.next(0xa0);
    reader.end();
    return readPublicKey({ spki });
  } catch (error) {
    if (!(error instanceof DerError)) throw error;
    throw new SdkError('configuration', 'octets: give what `csrToSign` returned, unchanged', { cause: error });
  }
}

function unverified({ type }: PublicUserKey, hash: string): SdkError {
  const sentence = `the signature does not verify under the ${type} key in the octets: sign these very octets with its private key and ${hash}, hashed once`;
  return new SdkError('signature_refused', sentence);
}
