import { buildCrl, type RevokedEntry } from './build-crl.ts';
import type { Octets } from './octets.ts';
import { openSigner } from './open-signer.ts';
import { ROOT_CRL } from './profiles.ts';

export interface RootCrlInput {
  readonly certificatePem: string;
  readonly encryptedKeyPem: string;
  readonly passphrase: string;
  /** One more than that of the CRL before. */
  readonly number: bigint;
  readonly now: Date;
  /** Of `thisUpdateOf`, back-dated. */
  readonly thisUpdate: Date;
  /** Issuing CAs that are no longer trusted. */
  readonly revoked: readonly RevokedEntry[];
}

/**
 * Signs the CRL of the root, DER, valid 90 days from now (protocol §6): where the root key is, never in a running service, which imports
 * the bytes. Throws an `Error` with one sentence as `openSigner` and `buildCrl` do. May be repeated.
 */
export function makeRootCrl({ number, now, thisUpdate, revoked, ...files }: RootCrlInput): Octets {
  const nextUpdate = new Date(now.getTime() + ROOT_CRL.days * 86_400_000);
  return buildCrl({ signer: openSigner({ issuerId: 'root', ...files }), number, thisUpdate, nextUpdate, revoked });
}
