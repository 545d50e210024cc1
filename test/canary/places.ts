import { join } from 'node:path';
import { Client, type Connection } from '@temporalio/client';
import proto from '@temporalio/proto';
import pg from 'pg';
import type { KeyRing } from '../../core/key-ring.ts';
import { decryptForDisplay } from '../../temporal/payload-codec.ts';
import { memoryOf } from '../rig/process-memory.ts';
import { filesBelow, piecesOf } from './files-below.ts';

/** Somewhere a secret could have stayed: its parts are searched one by one, each in pieces. */
export interface Place {
  readonly name: string;
  parts(): AsyncIterable<Iterable<Buffer>> | Iterable<Iterable<Buffer>>;
}

export function filePlace(name: string, folders: readonly string[], leaveOut: readonly string[] = []): Place {
  return {
    name,
    *parts() {
      for (const path of filesBelow(folders, leaveOut)) yield piecesOf(path);
    },
  };
}

export function memoryPlace(name: string, pid: number): Place {
  return { name: `memory of ${name}`, parts: () => [memoryOf(pid)] };
}

/** Every row of every table as a text dump shows it: octets as \x and hex. */
export function dumpPlace(name: string, databaseUrl: string): Place {
  return {
    name,
    async *parts() {
      const client = new pg.Client({ connectionString: databaseUrl });
      await client.connect();
      try {
        const { rows: tables } = await client.query<{ name: string }>(
          `SELECT quote_ident(schemaname) || '.' || quote_ident(tablename) AS name FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')`,
        );
        for (const { name: table } of tables) {
          const { rows } = await client.query<{ line: string }>(`SELECT t::text AS line FROM ${table} t`);
          // As a row is written, and without the doubling of backslashes that this brings.
          yield rows.flatMap(({ line }) => [Buffer.from(`${line}\n`), Buffer.from(`${line.replaceAll('\\\\', '\\')}\n`)]);
        }
      } finally {
        await client.end();
      }
    },
  };
}

export function metricsPlace(name: string, urls: readonly string[]): Place {
  return {
    name,
    async *parts() {
      for (const url of urls) yield [Buffer.from(await (await fetch(url)).text())];
    },
  };
}

/** All histories as the server gives them: as protobuf octets and as JSON. */
export function rawHistoriesPlace(connection: Connection): Place {
  const { History } = proto.temporal.api.history.v1;
  return {
    name: 'histories, raw',
    async *parts() {
      for await (const history of histories(connection))
        yield [Buffer.from(History.encode(history).finish()), Buffer.from(JSON.stringify(history))];
    },
  };
}

/** The same with every payload opened, as an operator with the codec sees it. */
export function decodedHistoriesPlace(connection: Connection, keys: KeyRing): Place {
  return {
    name: 'histories, decoded',
    async *parts() {
      for await (const history of histories(connection)) yield [...payloadsIn(history)].map((payload) => opened(keys, payload));
    },
  };
}

type Payload = proto.temporal.api.common.v1.IPayload;

async function* histories(connection: Connection): AsyncGenerator<proto.temporal.api.history.v1.IHistory> {
  const client = new Client({ connection });
  for await (const { workflowId, runId } of client.workflow.list()) yield client.workflow.getHandle(workflowId, runId).fetchHistory();
}

function* payloadsIn(value: unknown): Generator<Payload> {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return;
  if (isPayload(value)) yield value;
  else for (const member of Object.values(value)) yield* payloadsIn(member);
}

function isPayload(value: object): value is Payload {
  return 'metadata' in value && 'data' in value;
}

function opened(keys: KeyRing, payload: Payload): Buffer {
  const { data, metadata } = decryptForDisplay(keys, payload);
  return Buffer.concat([Buffer.from(JSON.stringify(metadata ?? {})), Buffer.from(data ?? [])]);
}

/** Log files, without what the database and Temporal keep beside them. */
export function logPlace(dataFolder: string): Place {
  return filePlace('logs at debug level', [join(dataFolder, 'logs')]);
}
