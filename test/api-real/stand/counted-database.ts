import { connect, createServer, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import { type Database, openDatabase } from '../../../store/database.ts';
import { portOf } from './token-issuer.ts';

/** A way to the database on which what goes to it is counted, for the length of one test. */
export interface CountedDatabase {
  readonly url: string;
  readonly db: Database;
  /** Messages that reached the database so far; 0 more means that nothing at all was asked. */
  messages(): number;
}

/** Ends a connection that was idle (PostgreSQL's Terminate): no statement. */
const TERMINATE = Buffer.from([0x58, 0, 0, 0, 4]);

export async function countedDatabase(url: string): Promise<CountedDatabase> {
  const { hostname, port } = new URL(url);
  let messages = 0;
  const open = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(Number(port), hostname);
    for (const socket of [client, upstream]) {
      open.add(socket.on('error', () => socket.destroy()));
      socket.on('close', () => (client.destroy(), upstream.destroy()));
    }
    client.on('data', (octets) => (messages += octets.equals(TERMINATE) ? 0 : 1));
    client.pipe(upstream).pipe(client);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const through = new URL(url);
  through.hostname = '127.0.0.1';
  through.port = String(portOf(server.address()));
  const db = openDatabase(through.href, { poolSize: 2 });
  onTestFinished(async () => {
    await db.$disconnect();
    for (const socket of open) socket.destroy();
    server.close();
  });
  return { url: through.href, db, messages: () => messages };
}
