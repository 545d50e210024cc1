import { createHash, type KeyObject, sign, type X509Certificate } from 'node:crypto';

/** What the proof says: this SDK key opened this sealed value and belongs to this certificate. */
export interface AckProofInput {
  readonly sdkKey: KeyObject;
  readonly enrollmentId: string;
  /** `sdkKey.sha256` of the credentials. */
  readonly sealedSha256: string;
  readonly sdkCertificate: X509Certificate;
  /** Server time; recorded, not judged. */
  readonly now: Date;
}

/** Compact JWS by the SDK key (protocol §3, ack): ES256, ES384 or RS256. Made once and kept: a repetition sends the same octets. */
export function makeAckProof(input: AckProofInput): string {
  const { alg, digest } = algorithmOf(input.sdkKey);
  const claims = {
    enr: input.enrollmentId,
    sealedSha256: input.sealedSha256,
    sdkCertSha256: createHash('sha256').update(input.sdkCertificate.raw).digest('base64url'),
    iat: Math.floor(input.now.getTime() / 1000),
  };
  const signed = `${part({ alg, typ: 'cs-ack+jws' })}.${part(claims)}`;
  // JOSE wants r ‖ s (RFC 7518 §3.4), not the DER that crypto libraries give by default.
  const signature = sign(digest, Buffer.from(signed), { key: input.sdkKey, dsaEncoding: 'ieee-p1363' });
  return `${signed}.${signature.toString('base64url')}`;
}

function part(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function algorithmOf(key: KeyObject): { alg: string; digest: string } {
  if (key.asymmetricKeyType === 'rsa') return { alg: 'RS256', digest: 'sha256' };
  return key.asymmetricKeyDetails?.namedCurve === 'secp384r1' ? { alg: 'ES384', digest: 'sha384' } : { alg: 'ES256', digest: 'sha256' };
}
