import { X509Certificate } from 'node:crypto';
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RevokedEntry } from '../../core/pki/build-crl.ts';
import { issuerFacts } from '../../core/pki/issuer-facts.ts';
import { makeRootCrl } from '../../core/pki/make-root-crl.ts';
import { type CaReason, nextRootEntries } from '../../core/pki/next-root-entries.ts';
import { ROOT_CRL } from '../../core/pki/profiles.ts';
import { thisUpdateOf } from '../../core/pki/this-update-of.ts';
import { type CaFolder, readCaFolder } from './read-ca-folder.ts';

export interface RootCrlOrder {
  readonly folder: string;
  readonly passphrase: string;
  readonly now: Date;
  readonly revoke: readonly string[];
  readonly reason: CaReason | undefined;
  readonly unlist: readonly string[];
}

export interface SignedRootCrl {
  readonly path: string;
  readonly number: bigint;
  readonly entries: readonly RevokedEntry[];
  /** What whoever signs should look at again; empty when nothing is odd. */
  readonly remarks: readonly string[];
}

/**
 * Signs the root CRL that comes after the one in the folder and puts it in its place, in one step.
 * Entries of the one before are kept. Throws an `Error` with a sentence, and changes nothing, when
 * the folder, the clock or the order does not fit.
 */
export function signRootCrl(order: RootCrlOrder): SignedRootCrl {
  const { folder, passphrase, now } = order;
  const { rootPem: certificatePem, rootKeyPem: encryptedKeyPem, issued, crl } = readCaFolder(folder);
  requireClock(crl, now);
  const { notBefore } = issuerFacts(new X509Certificate(certificatePem).raw);
  const thisUpdate = thisUpdateOf({ now, notBefore, before: crl.thisUpdate, backdateSeconds: ROOT_CRL.backdateSeconds });
  const entries = nextRootEntries({ ...order, thisUpdate, before: crl, issued });
  const number = crl.number + 1n;
  const path = join(folder, 'root.crl');
  writeFileSync(
    `${path}.unfinished`,
    makeRootCrl({ certificatePem, encryptedKeyPem, passphrase, number, now, thisUpdate, revoked: entries }),
  );
  renameSync(`${path}.unfinished`, path);
  return { path, number, entries, remarks: remarksOn(order, crl) };
}

/** A machine without a network has nothing else to compare its clock with. */
function requireClock(before: CaFolder['crl'], now: Date): void {
  const signedAt = signingOf(before);
  if (now >= signedAt) return;
  throw new Error(
    `This machine's clock says ${now.toISOString()}, but the root CRL before was signed at ${signedAt.toISOString()}: set the clock.`,
  );
}

/** nextUpdate of ours counts from the signing; thisUpdate lies at most the back-date before it. */
function signingOf({ thisUpdate, nextUpdate }: CaFolder['crl']): Date {
  const latest = thisUpdate.getTime() + ROOT_CRL.backdateSeconds * 1_000;
  const byEnd = nextUpdate.getTime() - ROOT_CRL.days * 86_400_000;
  return new Date(Math.max(thisUpdate.getTime(), Math.min(byEnd, latest)));
}

function remarksOn({ unlist, now }: RootCrlOrder, { nextUpdate }: CaFolder['crl']): string[] {
  const late = `The CRL before ran out at ${nextUpdate.toISOString()} and it is ${now.toISOString()}: late, or is the clock ahead? A CRL from the future is not taken over.`;
  const out = `Taken out: ${unlist.join(', ')}. The issuance process takes this CRL over only with CS_ROOT_CRL_MAY_LACK set to the serial.`;
  return [...(now > nextUpdate ? [late] : []), ...(unlist.length > 0 ? [out] : [])];
}
