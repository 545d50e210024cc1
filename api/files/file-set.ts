import { ISSUER_IDS, type IssuerId } from '../../contract/key-types.ts';
import { digestOf, type IssuerFiles } from './issuer-files.ts';
import type { PublicFile } from './public-file.ts';

/** By path, `/crl/root.crl`; undefined: a file of this name is to be, and cannot be made yet. */
export type FileSet = ReadonlyMap<string, PublicFile | undefined>;

/**
 * All files, of what is published of each issuer. `all.pem` and `bundle.pem` are there only whole:
 * a TLS server that has the CRL of one CA and not of the other refuses everybody below the other.
 * Order: the root, then the issuing CAs by id; nothing between the blocks. Pure.
 */
export function fileSet(issuers: ReadonlyMap<IssuerId, IssuerFiles>): FileSet {
  const ordered = ['root' as const, ...ISSUER_IDS.filter((id) => id !== 'root').toSorted()];
  const files = new Map<string, PublicFile | undefined>();
  for (const id of ordered) {
    const own = issuers.get(id);
    files.set(`/ca/${id}.cer`, own?.certificate);
    files.set(`/crl/${id}.crl`, own?.crl);
    files.set(`/crl/${id}.pem`, own?.crlPem);
  }
  files.set('/ca/bundle.pem', joined(ordered.map((id) => issuers.get(id)?.certificatePem)));
  files.set('/crl/all.pem', joined(ordered.map((id) => issuers.get(id)?.crlPem)));
  return files;
}

function joined(files: readonly (PublicFile | undefined)[]): PublicFile | undefined {
  const all = files.filter((file) => file !== undefined);
  if (all.length < files.length) return undefined;
  return {
    type: 'application/x-pem-file',
    parts: () => all.flatMap(({ parts }) => parts()),
    etag: `"${digestOf(all.map(({ etag }) => etag).join())}-pem"`,
    // No two changes of a CRL have the same date, so the latest one is another one after every change.
    modifiedAt: latest(all.map(({ modifiedAt }) => modifiedAt)),
    maxAgeSeconds: Math.min(60, ...all.map(({ maxAgeSeconds }) => maxAgeSeconds)),
    goodUntil: earliest(all.flatMap(({ goodUntil }) => goodUntil ?? [])),
  };
}

/** One unknown date makes the whole unknown. */
function latest(dates: readonly (Date | undefined)[]): Date | undefined {
  const known = dates.filter((date) => date !== undefined);
  return known.length < dates.length ? undefined : new Date(Math.max(...known.map(Number)));
}

function earliest(dates: readonly Date[]): Date | undefined {
  return dates.length === 0 ? undefined : new Date(Math.min(...dates.map(Number)));
}
