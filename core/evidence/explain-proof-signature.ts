import { constants, createHash, type KeyObject } from 'node:crypto';
import { triedSignature } from '../keys/tried-signature.ts';

/**
 * What the signature of a proof is that did not verify (RFC 7515, RFC 7518 §3.3, §3.4): it only explains, and stays refused. `proof` is a
 * compact JWS in its strict form. Pure, never throws for anything in it.
 */
export function explainProofSignature(proof: string, key: KeyObject, algorithm: string): string {
  const dot = proof.lastIndexOf('.');
  const signed: Signed = {
    input: Buffer.from(proof.slice(0, dot)),
    signature: Buffer.from(proof.slice(dot + 1), 'base64url'),
    hash: algorithm === 'ES384' ? 'sha384' : 'sha256',
    key,
  };
  return algorithm === 'RS256' ? rsaDetail(signed) : ecdsaDetail(signed, algorithm);
}

interface Signed {
  readonly input: Buffer;
  readonly signature: Buffer;
  readonly hash: 'sha256' | 'sha384';
  readonly key: KeyObject;
}

const OTHER = 'The signature does not verify with the key of the SDK certificate: sign header.payload as sent, with the SDK key.';

function ecdsaDetail(signed: Signed, algorithm: string): string {
  const { input, signature, hash, key } = signed;
  const size = algorithm === 'ES384' ? 96 : 64;
  if (triedSignature(hash, input, { key, dsaEncoding: 'der' }, signature))
    return `The signature is DER, as certificates have it: a JWS by ${algorithm} has raw r ‖ s, ${size} octets (RFC 7518 §3.4).`;
  if (signature.length !== size)
    return `The signature has ${signature.length} octets; by ${algorithm} it is r ‖ s of ${size} (RFC 7518 §3.4).`;
  return hashedTwice(signed, { key, dsaEncoding: 'ieee-p1363' }) ?? OTHER;
}

function rsaDetail(signed: Signed): string {
  const { input, signature, hash, key } = signed;
  const pss = { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_AUTO };
  if (triedSignature(hash, input, pss, signature))
    return 'The signature is RSASSA-PSS (PS256): RS256 is RSASSA-PKCS1-v1_5 (RFC 7518 §3.3).';
  return hashedTwice(signed, { key }) ?? OTHER;
}

function hashedTwice({ input, signature, hash }: Signed, key: Parameters<typeof triedSignature>[2]): string | undefined {
  const twice = triedSignature(hash, createHash(hash).update(input).digest(), key, signature);
  return twice
    ? 'The signature verifies over the digest of header.payload: it was hashed twice. Give the signer the text itself.'
    : undefined;
}
