import type { Logger } from 'pino';
import type { IssuingCaId } from '../contract/key-types.ts';
import { buildCrl } from '../core/pki/build-crl.ts';
import { issuerFacts } from '../core/pki/issuer-facts.ts';
import type { Signer } from '../core/pki/signer.ts';
import { type CrlJob, renewCrl, type SignedCrl } from '../store/crl.ts';
import type { Database } from '../store/database.ts';

export interface CrlDeps {
  db: Database;
  log: Logger;
  signers: ReadonlyMap<IssuingCaId, Signer>;
  maxAgeSeconds: number;
  lifeSeconds: number;
}

/** One turn: signs the CRL of every issuer for which one is due. Runs without Temporal; may be repeated. */
export async function renewCrls({ db, log, signers, maxAgeSeconds, lifeSeconds }: CrlDeps): Promise<void> {
  for (const [issuerId, signer] of signers) {
    const renewed = await renewCrl(db, issuerId, maxAgeSeconds, (job) => sign(signer, job, lifeSeconds));
    if (renewed) log.info({ issuerId }, 'signed a new CRL');
  }
}

function sign(signer: Signer, { number, now, revoked }: CrlJob, lifeSeconds: number): SignedCrl {
  const thisUpdate = new Date(Math.floor(now.getTime() / 1_000) * 1_000);
  const nextUpdate = new Date(thisUpdate.getTime() + lifeSeconds * 1_000);
  const issuerKeyId = Buffer.from(issuerFacts(signer.certificateDer).keyId).toString('hex');
  return { der: new Uint8Array(buildCrl({ signer, number, thisUpdate, nextUpdate, revoked })), thisUpdate, nextUpdate, issuerKeyId };
}
