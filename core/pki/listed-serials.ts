import { readCrl } from './read-crl.ts';
import { readCrlEntries } from './read-crl-entries.ts';

/** The serials (hex) that a CRL (DER) revokes; none without a CRL. Pure. Throws as `readCrl` and `readCrlEntries` do. */
export function listedSerials(crl: Uint8Array | undefined): ReadonlySet<string> {
  const entries = crl === undefined ? [] : readCrlEntries(readCrl(crl).revoked);
  return new Set(entries.map(({ serial }) => serial));
}
