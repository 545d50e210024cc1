import pg from 'pg';
import { troubleSentence } from './database-place.ts';
import { type TroubleKind, troubleOf } from './database-trouble.ts';

const CONNECT_MS = 3_000;
/** What waiting does not mend. A server that is away, starting, full or a standby may be another in a minute. */
const LASTING: ReadonlySet<TroubleKind> = new Set(['password-refused', 'login-refused', 'no-database', 'tls']);

/**
 * Why nobody can ever log in with this connection URL, in a sentence with cause, place and next step; undefined when the login works or
 * when the server cannot be asked now. Never holds the password. May be repeated.
 */
export async function loginFault(url: string): Promise<string | undefined> {
  let client: pg.Client | undefined;
  try {
    client = new pg.Client({ connectionString: url, connectionTimeoutMillis: CONNECT_MS });
    client.on('error', () => undefined);
    await client.connect();
    return undefined;
  } catch (error) {
    const trouble = troubleOf(error);
    if (trouble !== undefined) return LASTING.has(trouble.kind) ? troubleSentence(error, url) : undefined;
    return client === undefined ? unreadable(error) : undefined;
  } finally {
    void client?.end().catch(() => undefined);
  }
}

/** The driver reads the files that a URL names before it connects. */
function unreadable(error: unknown): string {
  const { path = 'a file' }: NodeJS.ErrnoException = error instanceof Error ? error : new Error('');
  return `names ${path} (sslrootcert, sslcert or sslkey), which cannot be read: write it, or correct the path`;
}
