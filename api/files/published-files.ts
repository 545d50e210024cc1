import { setTimeout as sleep } from 'node:timers/promises';
import type { IssuerId } from '../../contract/key-types.ts';
import { ServiceError } from '../../contract/service-error.ts';
import type { Executor } from '../../store/database.ts';
import { type CrlVersions, readCrlVersions, readPublishedIssuer } from '../../store/published-files.ts';
import { type FileSet, fileSet } from './file-set.ts';
import { type IssuerFiles, issuerFiles } from './issuer-files.ts';
import type { PublicFile } from './public-file.ts';

export interface PublishedFiles {
  /**
   * The file under this path, `/crl/root.crl`. Errors: `file_not_found`; `service_unavailable`
   * before the first one, and when the database is away and what is known has run out.
   */
  find(path: string): Promise<PublicFile>;
}

export interface PublishedFilesDeps {
  readonly db: Executor;
  /** Milliseconds of a clock that is never set. */
  readonly now?: () => number;
}

/** How old an answer of the database may be. */
const LOOK_MS = 1_000;
/** How long a request waits for a database that is slow or away, when there is something to serve. */
const PATIENCE_MS = 500;

/** What is known of one issuer, and as which version. */
type Known = ReadonlyMap<IssuerId, { readonly version: string; readonly files: IssuerFiles }>;

interface State {
  readonly known: Known;
  readonly files: FileSet;
  /** The database's clock at the last good look, and ours. */
  readonly theirs: Date;
  readonly at: number;
}

/**
 * The public files, served from memory: the database is asked for the numbers of the CRLs once a
 * second at most, whoever and however many ask, and for a row when its number is another one. While
 * the database is away the last known files go on, each until its nextUpdate (ADR 45).
 */
export function publishedFiles({ db, now = () => performance.now() }: PublishedFilesDeps): PublishedFiles {
  let state: State | undefined;
  let looking: Promise<unknown> | undefined;
  let lookedAt = Number.NEGATIVE_INFINITY;
  const look = async (): Promise<void> => {
    try {
      state = stateOf(await refreshed(db, state?.known ?? new Map()), now());
    } catch (error) {
      if (state === undefined) throw error;
    } finally {
      lookedAt = now();
      looking = undefined;
    }
  };
  const fresh = async (): Promise<void> => {
    if (looking === undefined && now() - lookedAt < LOOK_MS && state !== undefined) return;
    looking ??= state === undefined ? look() : patiently(look());
    await looking;
  };
  return {
    find: async (path) => {
      await fresh();
      if (state === undefined) throw new ServiceError('service_unavailable', 'Nothing is published yet.', {}, 5);
      return good(state, path, now());
    },
  };
}

/** All who wait give up together; who comes later does not wait at all, because the look is still the same one. */
function patiently(look: Promise<void>): Promise<unknown> {
  return Promise.race([look, sleep(PATIENCE_MS, undefined, { ref: false })]);
}

async function refreshed(db: Executor, known: Known): Promise<{ known: Known; theirs: Date }> {
  const { now, versions }: CrlVersions = await readCrlVersions(db);
  const next = new Map<IssuerId, { version: string; files: IssuerFiles }>();
  for (const { id, version } of versions) {
    const before = known.get(id);
    const issuer = before?.version === version ? undefined : await readPublishedIssuer(db, id);
    if (issuer !== undefined) next.set(id, { version, files: issuerFiles(issuer) });
    else if (before !== undefined) next.set(id, before);
  }
  return { known: next, theirs: now };
}

function stateOf({ known, theirs }: { known: Known; theirs: Date }, at: number): State {
  const files = fileSet(new Map([...known].map(([id, { files: own }]) => [id, own])));
  return { known, files, theirs, at };
}

/** Without a good look lately the database is away; then a CRL is served only until its end. */
function good({ files, theirs, at }: State, path: string, now: number): PublicFile {
  if (!files.has(path)) throw new ServiceError('file_not_found');
  const file = files.get(path);
  if (file === undefined)
    throw new ServiceError('service_unavailable', 'This file cannot be made yet: a CRL or a certificate is missing.', {}, 5);
  const isAway = now - at > LOOK_MS + PATIENCE_MS;
  if (isAway && file.goodUntil !== undefined && file.goodUntil.getTime() <= theirs.getTime() + now - at)
    throw new ServiceError('service_unavailable', 'The database is away, and the last known CRL has run out.', {}, 5);
  return file;
}
