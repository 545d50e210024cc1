import type { Logger } from 'pino';
import type { IssuingCaId } from '../contract/key-types.ts';
import { buildCrl } from '../core/pki/build-crl.ts';
import { issuerFacts } from '../core/pki/issuer-facts.ts';
import { type ListedDates, listedDates } from '../core/pki/listed-dates.ts';
import { octetsOf } from '../core/pki/octets.ts';
import { revocationDateOf } from '../core/pki/revocation-date-of.ts';
import type { Signer } from '../core/pki/signer.ts';
import { thisUpdateOf } from '../core/pki/this-update-of.ts';
import { type CrlJob, renewCrl, type SignedCrl } from '../store/crl.ts';
import type { Database } from '../store/database.ts';
import { registerIssuer } from '../store/issuers.ts';

export interface CrlDeps {
  db: Database;
  log: Logger;
  signers: ReadonlyMap<IssuingCaId, Signer>;
  maxAgeSeconds: number;
  /** nextUpdate, from the moment of signing. */
  lifeSeconds: number;
  /** How far thisUpdate and the dates of new entries lie in the past. */
  backdateSeconds: number;
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

async function renewOne(deps: CrlDeps, issuerId: IssuingCaId, signer: Signer): Promise<void> {
  const { db, log, maxAgeSeconds } = deps;
  await registerIssuer(db, issuerId, octetsOf(signer.certificateDer));
  const renewed = await renewCrl(db, issuerId, maxAgeSeconds, (job) => sign(signer, job, listedIn(job, log, issuerId), deps));
  if (renewed) log.info({ issuerId }, 'signed a new CRL');
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : 'failed';
}

/** Of a CRL before that cannot be read nothing is known: revocation goes on, with dates made anew. */
function listedIn({ before }: CrlJob, log: Logger, issuerId: IssuingCaId): ListedDates | undefined {
  try {
    return before === undefined ? undefined : listedDates(before);
  } catch (error) {
    log.error({ issuerId, err: error }, `the CRL of ${issuerId} in the database cannot be read: the new one dates its entries anew`);
    return undefined;
  }
}

function sign(signer: Signer, job: CrlJob, before: ListedDates | undefined, { lifeSeconds, backdateSeconds }: CrlDeps): SignedCrl {
  const { number, now } = job;
  const { keyId, notBefore } = issuerFacts(signer.certificateDer);
  const signedAt = new Date(Math.floor(now.getTime() / 1_000) * 1_000);
  const thisUpdate = thisUpdateOf({ now: signedAt, backdateSeconds, notBefore, before: before?.thisUpdate });
  const nextUpdate = new Date(signedAt.getTime() + lifeSeconds * 1_000);
  const revoked = job.revoked.map(({ serial, reason, ...moment }) => ({
    serial,
    reason,
    revokedAt: revocationDateOf({ ...moment, listed: before?.dates.get(serial) }, { thisUpdate, backdateSeconds }),
  }));
  const der = new Uint8Array(buildCrl({ signer, number, thisUpdate, nextUpdate, revoked }));
  return { der, signedAt, nextUpdate, issuerKeyId: Buffer.from(keyId).toString('hex') };
}
