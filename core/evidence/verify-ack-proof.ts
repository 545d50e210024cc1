import { createHash, X509Certificate } from 'node:crypto';
import { compactVerify } from 'jose';
import { ServiceError } from '../../contract/service-error.ts';

export interface AckExpectation {
  enrollmentId: string;
  /** base64url SHA-256 of the ASCII of the sealed value. */
  sealedSha256: string;
  /** DER; its key must have signed the proof. */
  sdkCertificate: Uint8Array;
}

const MAX_PROOF_LENGTH = 4_096;
const PART = /^[A-Za-z0-9_-]+$/;

/**
 * Verifies the device's proof that it opened and holds the SDK key: a compact JWS by that key with exactly the header alg, typ and the
 * claims enr, sealedSha256, sdkCertSha256, iat (`iat` is recorded, not judged). Error: `ack_proof_invalid`, the detail names the member.
 */
export async function verifyAckProof(proof: string, expected: AckExpectation): Promise<void> {
  const certificate = new X509Certificate(expected.sdkCertificate);
  const [header, claims] = parts(proof);
  requireMembers('header', header, { alg: algorithmOf(certificate), typ: 'cs-ack+jws' });
  requireMembers('claim', withoutIat(claims), {
    enr: expected.enrollmentId,
    sealedSha256: expected.sealedSha256,
    sdkCertSha256: createHash('sha256').update(expected.sdkCertificate).digest('base64url'),
  });
  await compactVerify(proof, certificate.publicKey).catch(() => {
    throw refused('The signature does not verify with the key of the SDK certificate.');
  });
}

type Members = Readonly<Record<string, unknown>>;

function parts(proof: string): [Members, Members] {
  const [header, claims, signature, ...more] = proof.split('.');
  const wellFormed = header !== undefined && claims !== undefined && signature !== undefined && more.length === 0 && proof.length <= MAX_PROOF_LENGTH;
  if (!wellFormed || ![header, claims, signature].every((part) => PART.test(part))) throw refused('The proof is not a compact JWS of at most 4,096 characters.');
  return [toMembers('header', header), toMembers('payload', claims)];
}

/** A repeated member would let two readers see two proofs: the text must be what its value serialises to. */
function toMembers(name: string, part: string): Members {
  const text = Buffer.from(part, 'base64url').toString('utf8');
  const value = parse(name, text);
  const canonical = Buffer.from(text, 'utf8').toString('base64url') === part;
  if (typeof value !== 'object' || value === null || Array.isArray(value) || !canonical) throw refused(`The ${name} is not one JSON object.`);
  const names = [...text.matchAll(/"([A-Za-z0-9]+)"\s*:/g)].map(([, member]) => member);
  if (new Set(names).size !== names.length) throw refused(`The ${name} has a member twice.`);
  return { ...value };
}

function parse(name: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw refused(`The ${name} is not JSON.`);
  }
}

function withoutIat({ iat, ...claims }: Members): Members {
  if (!Number.isSafeInteger(iat)) throw refused('The claim iat must be whole seconds.');
  return claims;
}

function requireMembers(kind: string, found: Members, expected: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(expected)) {
    if (found[name] !== value) throw refused(`The ${kind} ${name} is ${found[name] === undefined ? 'missing' : 'not the expected one'}.`);
  }
  const unknown = Object.keys(found).find((name) => !Object.hasOwn(expected, name));
  if (unknown !== undefined) throw refused(`The ${kind} has a member that is not known.`);
}

/** The algorithm follows the key: ES256 for P-256, ES384 for P-384, RS256 for RSA. */
function algorithmOf({ publicKey }: X509Certificate): string {
  if (publicKey.asymmetricKeyType === 'rsa') return 'RS256';
  return publicKey.asymmetricKeyDetails?.namedCurve === 'secp384r1' ? 'ES384' : 'ES256';
}

function refused(detail: string): ServiceError {
  return new ServiceError('ack_proof_invalid', detail);
}
