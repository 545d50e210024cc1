import { errors } from 'jose';

export interface TokenExpectation {
  readonly issuer: string;
  readonly audience: string;
  /** Seconds after `iat` in which a token is taken. */
  readonly maxTokenAge: number;
  /** The time that it was judged at. */
  readonly currentDate: Date;
}

/**
 * What jose found wrong with an access token, with the place and what to do about it. Names what this service expects, which its
 * documentation names too; of the token only its dates.
 */
export function tokenSentence(error: errors.JOSEError, expected: TokenExpectation): string {
  if (error instanceof errors.JWTExpired || error instanceof errors.JWTClaimValidationFailed) return claimSentence(error, expected);
  if (error instanceof errors.JWSSignatureVerificationFailed)
    return 'The signature of the access token does not verify with the key of its kid: sign with the private key of the one that the key set publishes.';
  if (error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys)
    return 'The header kid names no key, or more than one, of the key set: publish a key before it signs, and each kid once.';
  if (error instanceof errors.JOSEAlgNotAllowed) return 'The header alg is not ES256, PS256 or RS256: sign by one of them.';
  return `The access token was refused: ${error.message}.`;
}

type ClaimError = errors.JWTExpired | errors.JWTClaimValidationFailed;

function claimSentence({ claim, reason, payload }: ClaimError, expected: TokenExpectation): string {
  if (reason === 'missing') return `The claim ${claim} is missing: an access token has it (RFC 9068 section 2.2).`;
  const here = `here it is ${expected.currentDate.toISOString()}`;
  switch (claim) {
    case 'typ':
      return 'The header typ is not at+jwt: this is no access token (RFC 9068 section 2.1).';
    case 'iss':
      return `The claim iss is not ${expected.issuer}: ask that issuer for the token.`;
    case 'aud':
      return `The claim aud is not ${expected.audience}: ask for a token for this service.`;
    case 'exp':
      return `The access token expired at ${timeOf(payload.exp)}, ${here}: get a new one, and compare the clocks.`;
    case 'iat':
      return `The claim iat is ${timeOf(payload.iat)}, ${here}: a token is taken for ${expected.maxTokenAge} s after it. Get a new one, and compare the clocks.`;
    case 'nbf':
      return `The access token begins at ${timeOf(payload.nbf)}, ${here}: wait, or compare the clocks.`;
    default:
      return `The claim ${claim} is not what it has to be.`;
  }
}

function timeOf(seconds: unknown): string {
  const date = new Date(Number(seconds) * 1_000);
  return Number.isNaN(date.getTime()) ? 'no time' : date.toISOString();
}
