import { ServiceError } from '../../contract/service-error.ts';
import type { ExpectedCertificate } from './expected-fields.ts';
import { lintCertificate } from './lint-certificate.ts';
import { type Octets, octetsOf } from './octets.ts';

/**
 * Permission to sign exactly the bytes that were linted, once, by the issuer that they were linted for. Only `authorise` makes one:
 * the class is not exported, its constructor wants a secret of this file, and its content is private to the object.
 * A token is lost with the process; the stored bytes give a new one at any time. Model: issuanceToken in boulder's issuance/cert.go.
 */
class SigningToken {
  #authorised: Authorised | undefined;

  constructor(secret: typeof MINT, authorised: Authorised) {
    if (secret !== MINT) throw new Error('a signing token comes from authorise only');
    this.#authorised = authorised;
  }

  static redeem(token: SigningToken): Authorised {
    if (!(#authorised in token) || token.#authorised === undefined) {
      throw new Error('This signing token was used already; authorise the stored bytes again.');
    }
    const authorised = token.#authorised;
    token.#authorised = undefined;
    return authorised;
  }
}

export type { SigningToken };

export interface Authorised {
  readonly tbs: Octets;
  readonly issuerCertificate: Octets;
}

const MINT: unique symbol = Symbol('mint');

/**
 * Lints the stored to-be-signed certificate against what it must say and gives the token that `signCertificate` demands. May be
 * repeated; each call gives a token of its own. Throws `ServiceError` `issuing_refused`, naming the broken rules: permanent.
 */
export function authorise(storedTbs: Uint8Array, expected: ExpectedCertificate): SigningToken {
  // Copied first: the caller may not change the bytes between lint and signature.
  const authorised = { tbs: octetsOf(storedTbs), issuerCertificate: octetsOf(expected.issuerCertificate) };
  const findings = lintCertificate(authorised.tbs, expected);
  if (findings.length > 0)
    throw new ServiceError('issuing_refused', `The certificate breaks these rules: ${rulesOf(findings).join(', ')}.`);
  return new SigningToken(MINT, authorised);
}

/** Takes the content out of a token; a second time, or with anything else than a token, it throws an `Error`. */
export function redeem(token: SigningToken): Authorised {
  return SigningToken.redeem(token);
}

function rulesOf(findings: readonly string[]): string[] {
  return [...new Set(findings.map((finding) => finding.slice(0, finding.indexOf(':'))))];
}
