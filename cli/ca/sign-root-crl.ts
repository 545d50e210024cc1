import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RevokedEntry } from '../../core/pki/build-crl.ts';
import { makeRootCrl } from '../../core/pki/make-root-crl.ts';
import { type CaReason, nextRootEntries } from '../../core/pki/next-root-entries.ts';
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
  const entries = nextRootEntries({ ...order, before: crl, issued });
  const number = crl.number + 1n;
  const path = join(folder, 'root.crl');
  writeFileSync(`${path}.unfinished`, makeRootCrl({ certificatePem, encryptedKeyPem, passphrase, number, now, revoked: entries }));
  renameSync(`${path}.unfinished`, path);
  return { path, number, entries, remarks: remarksOn(order, crl) };
}

/** A machine without a network has nothing else to compare its clock with. */
function requireClock({ thisUpdate }: CaFolder['crl'], now: Date): void {
  if (now >= thisUpdate) return;
  throw new Error(
    `This machine's clock says ${now.toISOString()}, but the root CRL before was signed at ${thisUpdate.toISOString()}: set the clock.`,
  );
}

function remarksOn({ unlist, now }: RootCrlOrder, { nextUpdate }: CaFolder['crl']): string[] {
  const late = `The CRL before ran out at ${nextUpdate.toISOString()} and it is ${now.toISOString()}: late, or is the clock ahead? A CRL from the future is not taken over.`;
  const out = `Taken out: ${unlist.join(', ')}. The issuance process takes this CRL over only with CS_ROOT_CRL_MAY_LACK set to the serial.`;
  return [...(now > nextUpdate ? [late] : []), ...(unlist.length > 0 ? [out] : [])];
}
