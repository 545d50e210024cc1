import { createHash, X509Certificate } from 'node:crypto';
import { compactVerify } from 'jose';
import { ServiceError } from '../../contract/service-error.ts';
import { explainProofSignature } from './explain-proof-signature.ts';
import { type FlatJws, type FlatMembers, JwsFormError, readFlatJws } from './read-flat-jws.ts';

export interface AckExpectation {
  readonly enrollmentId: string;
  /** base64url SHA-256 of the ASCII of the sealed value. */
  readonly sealedSha256: string;
  /** DER of the certificate that we issued; its key must have signed the proof, its type names the algorithm. */
  readonly sdkCertificate: Uint8Array;
}

/**
 * Verifies the device's proof that it opened and holds the SDK key: a compact JWS by that key (ES256 P-256, ES384 P-384, RS256 RSA; raw
 * ECDSA signatures, RFC 7518 §3.4) with exactly the header alg, typ and the claims enr, sealedSha256, sdkCertSha256, iat, which is
 * recorded, not judged. Pure; may be repeated. Error: `ack_proof_invalid`, the detail names the member. Source: protocol §3, POST ack.
 */
export async function verifyAckProof(proof: string, expected: AckExpectation): Promise<void> {
  const { publicKey } = new X509Certificate(expected.sdkCertificate);
  const algorithm = algorithmOf(publicKey);
  const { header, claims } = read(proof);
  requireMembers('header', header, { alg: algorithm, typ: 'cs-ack+jws' });
  requireMembers('claim', withoutIat(claims), {
    enr: expected.enrollmentId,
    sealedSha256: expected.sealedSha256,
    sdkCertSha256: createHash('sha256').update(expected.sdkCertificate).digest('base64url'),
  });
  await compactVerify(proof, publicKey, { algorithms: [algorithm] }).catch(() => {
    throw refused(explainProofSignature(proof, publicKey, algorithm));
  });
}

/** The algorithm follows the key, never the header (RFC 8725 §3.1). */
function algorithmOf({ asymmetricKeyType, asymmetricKeyDetails }: X509Certificate['publicKey']): string {
  if (asymmetricKeyType === 'rsa') return 'RS256';
  if (asymmetricKeyDetails?.namedCurve === 'prime256v1') return 'ES256';
  if (asymmetricKeyDetails?.namedCurve === 'secp384r1') return 'ES384';
  throw new Error('the SDK certificate carries a key that this service does not issue for');
}

function read(proof: string): FlatJws {
  try {
    return readFlatJws(proof);
  } catch (error) {
    if (error instanceof JwsFormError) throw refused(error.message);
    throw error;
  }
}

function withoutIat({ iat, ...claims }: FlatMembers): FlatMembers {
  if (iat === null) throw refused('The claim iat is null: give it the time in whole seconds.');
  if (typeof iat !== 'number' || !Number.isSafeInteger(iat) || iat < 0) throw refused('The claim iat is not in whole seconds.');
  return claims;
}

function requireMembers(kind: string, found: FlatMembers, expected: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(expected)) {
    if (!Object.hasOwn(found, name)) throw refused(`The ${kind} ${name} is missing.`);
    if (found[name] === null) throw refused(`The ${kind} ${name} is null: give it its value.`);
    if (found[name] !== value) throw refused(`The ${kind} ${name} is not the expected one.`);
  }
  const unknown = Object.keys(found).find((name) => !Object.hasOwn(expected, name));
  if (unknown === undefined) return;
  const fault = found[unknown] === null ? 'is null: leave it out' : 'is not one of the protocol';
  throw refused(`The ${kind} ${nameable(unknown)} ${fault}.`);
}

/** A name comes back to its sender and into a history: only if it is a plain one. */
function nameable(name: string): string {
  return /^[A-Za-z0-9_-]{1,32}$/.test(name) ? name : '(unprintable)';
}

function refused(detail: string): ServiceError {
  return new ServiceError('ack_proof_invalid', detail);
}
