import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { IssuingCaId } from '../contract/key-types.ts';
import { readVerifiedCrl } from '../core/pki/read-verified-crl.ts';
import type { Signer } from '../core/pki/signer.ts';
import { importCrl, registerIssuer } from '../store/crl.ts';
import type { Database } from '../store/database.ts';

/** Makes the CA certificates and the root's CRL known to the API. May be repeated; a newer root CRL file is taken over. */
export async function publishIssuers(
  db: Database,
  signers: ReadonlyMap<IssuingCaId, Signer>,
  rootPem: string,
  rootCrlFile: string,
): Promise<void> {
  const root = new Uint8Array(new X509Certificate(rootPem).raw);
  await registerIssuer(db, 'root', root);
  for (const [id, { certificateDer }] of signers) await registerIssuer(db, id, new Uint8Array(certificateDer));
  const der = new Uint8Array(readFileSync(rootCrlFile));
  const { number, thisUpdate, nextUpdate } = readVerifiedCrl(der, root);
  await importCrl(db, 'root', number, { der, thisUpdate, nextUpdate });
}
