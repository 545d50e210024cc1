import { ServiceError } from '../contract/service-error.ts';
import { listedSerials } from '../core/pki/listed-serials.ts';
import { rootIssued } from '../core/pki/root-issued.ts';
import type { Signer } from '../core/pki/signer.ts';
import type { Database } from '../store/database.ts';
import { readStoredCrl } from '../store/import-crl.ts';

/**
 * Nothing is signed under a CA that the root CRL in force revokes, whoever took that CRL over.
 * Errors: `issuing_refused`. May be repeated.
 */
export async function requireUnrevokedCas(db: Database, signers: readonly Signer[]): Promise<void> {
  const listed = listedSerials(await readStoredCrl(db, 'root'));
  const revoked = signers.find(({ issuerId, certificateDer }) => listed.has(rootIssued(issuerId, certificateDer).serial));
  if (revoked !== undefined) throw new ServiceError('issuing_refused', `The root CRL revokes ${revoked.issuerId}.`);
}
