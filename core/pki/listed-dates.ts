import { readDer } from '../asn1/read-der.ts';
import { readDerTime } from './der-time.ts';
import { readCrl } from './read-crl.ts';
import { splitDer } from './split-der.ts';

/** What the next CRL takes from the one before. */
export interface ListedDates {
  readonly thisUpdate: Date;
  /** revocationDate by serial (hex, as `contract/ids.ts` writes serials). */
  readonly dates: ReadonlyMap<string, Date>;
}

/**
 * thisUpdate and the dates of the entries of a CRL (DER) of our own making. Looks at no extension
 * of an entry: it is read for every new CRL, and that is most of the work. Pure. Throws an `Error`
 * as `readCrl` does.
 */
export function listedDates(crl: Uint8Array): ListedDates {
  const { thisUpdate, revoked } = readCrl(crl);
  const entries = revoked === undefined ? [] : splitDer(revoked, 0x30);
  return { thisUpdate, dates: new Map(entries.map(dateOf)) };
}

function dateOf(entry: Uint8Array): [string, Date] {
  const [serial, time] = splitDer(entry, 0x30);
  const date = time === undefined ? undefined : readDerTime(readDer(time));
  if (serial === undefined || date === undefined) throw new Error('An entry of the CRL has no serial number or no date.');
  return [
    Buffer.from(serial.subarray(2))
      .toString('hex')
      .replace(/^00(?=.)/, ''),
    date,
  ];
}
