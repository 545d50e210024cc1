import { buildCrl, type RevokedEntry } from './build-crl.ts';
import type { Octets } from './octets.ts';
import { openSigner } from './open-signer.ts';

export interface RootCrlInput {
  readonly certificatePem: string;
  readonly encryptedKeyPem: string;
  readonly passphrase: string;
  /** One more than that of the CRL before. */
  readonly number: bigint;
  readonly now: Date;
  /** Issuing CAs that are no longer trusted. */
  readonly revoked: readonly RevokedEntry[];
}

const VALID_DAYS = 90;

/**
 * Signs the CRL of the root, DER, valid 90 days (protocol §6): where the root key is, never in a running service, which imports the
 * bytes. Throws an `Error` with one sentence as `openSigner` and `buildCrl` do. May be repeated.
 */
export function makeRootCrl({ number, now, revoked, ...files }: RootCrlInput): Octets {
  const nextUpdate = new Date(now.getTime() + VALID_DAYS * 86_400_000);
  return buildCrl({ signer: openSigner({ issuerId: 'root', ...files }), number, thisUpdate: now, nextUpdate, revoked });
}
