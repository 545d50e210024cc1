import { connect, createServer, type Server, type Socket } from 'node:net';

/**
 * What becomes of the answer to a COMMIT that PostgreSQL has carried out. `late`: it arrives when nobody waits any more;
 * `cut`: the connection is reset in its place.
 */
export type CommitMishap = 'late' | 'cut';

/** Stands between the processes and PostgreSQL, in clear text, and passes everything on but answers to COMMIT, when told so. */
export interface CommitProxy {
  readonly port: number;
  /** What every answer to a COMMIT meets from now on; undefined: nothing. */
  meet(mishap: CommitMishap | undefined): void;
  /** Answers that met a mishap so far. */
  readonly met: number;
  close(): Promise<void>;
}

export interface CommitProxyOptions {
  /** The port of PostgreSQL on this machine. */
  to: number;
  lateMs: number;
}

export async function commitProxy({ to, lateMs }: CommitProxyOptions): Promise<CommitProxy> {
  const open = new Set<Socket>();
  const state: State = { mishap: undefined, met: 0, lateMs };
  const server = createServer((client) => {
    const upstream = connect(to, '127.0.0.1');
    for (const socket of [client, upstream]) {
      open.add(socket);
      socket.setNoDelay(true).on('error', () => undefined);
      socket.on('close', () => open.delete(socket));
    }
    client.pipe(upstream);
    answerThrough(upstream, client, state);
    client.on('close', () => upstream.destroy());
    upstream.on('close', () => client.resetAndDestroy());
  });
  const port = await listen(server);
  return {
    port,
    meet: (mishap) => {
      state.mishap = mishap;
    },
    get met() {
      return state.met;
    },
    close: () => closed(server, open),
  };
}

interface State {
  mishap: CommitMishap | undefined;
  met: number;
  lateMs: number;
}

/** Whole messages only (PostgreSQL: Message Formats): a type octet, a length that counts itself, the content. */
function answerThrough(upstream: Socket, client: Socket, state: State): void {
  let rest = Buffer.alloc(0);
  let held = false;
  upstream.on('data', (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk]);
    if (held) return;
    for (let end = endOfMessage(rest); end !== undefined; end = endOfMessage(rest)) {
      if (state.mishap !== undefined && answersCommit(rest)) return strike(state.mishap);
      client.write(rest.subarray(0, end));
      rest = rest.subarray(end);
    }
  });
  const strike = (mishap: CommitMishap): void => {
    state.met += 1;
    held = true;
    if (mishap === 'cut') return void client.resetAndDestroy();
    setTimeout(() => {
      held = false;
      client.write(rest);
      rest = Buffer.alloc(0);
    }, state.lateMs).unref();
  };
}

const HEAD = 5;

function endOfMessage(octets: Buffer): number | undefined {
  if (octets.length < HEAD) return undefined;
  const end = 1 + octets.readInt32BE(1);
  return octets.length < end ? undefined : end;
}

/** CommandComplete with the tag COMMIT; a COMMIT of a failed transaction says ROLLBACK. */
function answersCommit(message: Buffer): boolean {
  return message.toString('latin1', 0, 1) === 'C' && message.toString('latin1', HEAD, HEAD + 7) === 'COMMIT\0';
}

function listen(server: Server): Promise<number> {
  return new Promise((done, failed) => {
    server.once('error', failed).listen(0, '127.0.0.1', () => {
      const address = server.address();
      done(typeof address === 'object' && address !== null ? address.port : 0);
    });
  });
}

function closed(server: Server, open: ReadonlySet<Socket>): Promise<void> {
  for (const socket of open) socket.destroy();
  return new Promise((done) => server.close(() => done()));
}
