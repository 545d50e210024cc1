import type { Logger } from 'pino';
import type { IssuingCaId } from '../contract/key-types.ts';
import { buildCrl } from '../core/pki/build-crl.ts';
import { issuerFacts } from '../core/pki/issuer-facts.ts';
import { octetsOf } from '../core/pki/octets.ts';
import type { Signer } from '../core/pki/signer.ts';
import { type CrlJob, renewCrl, type SignedCrl } from '../store/crl.ts';
import type { Database } from '../store/database.ts';
import { registerIssuer } from '../store/issuers.ts';

export interface CrlDeps {
  db: Database;
  log: Logger;
  signers: ReadonlyMap<IssuingCaId, Signer>;
  maxAgeSeconds: number;
  lifeSeconds: number;
}

/**
 * One turn: makes each issuing CA known and signs its CRL when one is due. What fails for one CA
 * does not hold up the other's: all are tried, then the turn fails. Runs without Temporal; may be
 * repeated.
 */
export async function renewCrls(deps: CrlDeps): Promise<void> {
  const failures: unknown[] = [];
  for (const [issuerId, signer] of deps.signers) {
    await renewOne(deps, issuerId, signer).catch((error: unknown) => failures.push(error));
  }
  if (failures.length > 1) throw new AggregateError(failures, failures.map(messageOf).join(' '));
  if (failures.length === 1) throw failures[0];
}

async function renewOne({ db, log, maxAgeSeconds, lifeSeconds }: CrlDeps, issuerId: IssuingCaId, signer: Signer): Promise<void> {
  await registerIssuer(db, issuerId, octetsOf(signer.certificateDer));
  const renewed = await renewCrl(db, issuerId, maxAgeSeconds, (job) => sign(signer, job, lifeSeconds));
  if (renewed) log.info({ issuerId }, 'signed a new CRL');
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : 'failed';
}

function sign(signer: Signer, { number, now, revoked }: CrlJob, lifeSeconds: number): SignedCrl {
  const thisUpdate = new Date(Math.floor(now.getTime() / 1_000) * 1_000);
  const nextUpdate = new Date(thisUpdate.getTime() + lifeSeconds * 1_000);
  const issuerKeyId = Buffer.from(issuerFacts(signer.certificateDer).keyId).toString('hex');
  return { der: new Uint8Array(buildCrl({ signer, number, thisUpdate, nextUpdate, revoked })), thisUpdate, nextUpdate, issuerKeyId };
}
