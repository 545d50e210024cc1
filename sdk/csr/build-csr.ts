import { createPublicKey, type KeyObject, sign } from 'node:crypto';
import { type CsrToSignInput, csrToSign } from './csr-to-sign.ts';
import { finishCsr } from './finish-csr.ts';
import { signatureAlgorithm } from './signature-algorithm.ts';

export interface CsrInput extends Omit<CsrToSignInput, 'publicKey'> {
  readonly userKey: KeyObject;
}

/** Builds a PKCS#10 request (RFC 2986) as DER with a key that is at hand: both halves, `csrToSign` and `finishCsr`, with the signature between. */
export function buildCsr({ userKey, ...bound }: CsrInput): Buffer {
  const spki = createPublicKey(userKey).export({ format: 'der', type: 'spki' });
  const { octets, keyType } = csrToSign({ publicKey: { spki }, ...bound });
  const signature = sign(signatureAlgorithm(keyType).digest, octets, { key: userKey, dsaEncoding: 'der' });
  return finishCsr({ octets, signature, form: keyType.startsWith('RSA') ? 'pkcs1' : 'der' }).der;
}
