import pg from 'pg';

/** A pool of the driver, whichever version of its types a package was built with. */
interface Releasing {
  on(event: 'release', listener: (error: Error, client: object) => void): unknown;
}

/**
 * Lets a pool take back only clients that are ready for a query and in no transaction. A COMMIT whose answer did not come in time leaves
 * a client that still waits for it; Prisma 7.10 releases it like any other, and the next call would get it and wait once more (ADR 48).
 * Such a client is ended, and the pool connects anew.
 */
export function keepPoolClean(pool: Releasing): void {
  // After this event the pool looks whether the client is ending, and then lets it go.
  pool.on('release', (_error, client) => {
    if (client instanceof pg.Client && !isReady(client)) void client.end().catch(() => undefined);
  });
}

/** `I`: idle, in no transaction (PostgreSQL: Message Formats, ReadyForQuery). While an answer is due this is the status before it. */
function isReady(client: pg.Client): boolean {
  return Reflect.get(client, 'readyForQuery') === true && Reflect.get(client, '_txStatus') === 'I';
}
