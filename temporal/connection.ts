import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { NativeConnection } from '@temporalio/worker';
import type { KeyRing } from '../core/key-ring.ts';
import { dataConverter } from './data-converter.ts';

export interface TemporalAddress {
  address: string;
  namespace: string;
  /** PEM file; without it the connection is not encrypted. */
  tlsCaFile?: string | undefined;
}

const RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 5_000;

/** A client that connects when it is first used, so that a process can start, and answer from the rows, without Temporal. */
export function lazyClient(to: TemporalAddress, codecKeys: KeyRing): { client: Client; connection: Connection } {
  const connection = Connection.lazy({ address: to.address, ...tls(to), connectTimeout: '3 s' });
  return { connection, client: new Client({ connection, namespace: to.namespace, dataConverter: dataConverter(codecKeys) }) };
}

/** Waits for Temporal, however long it takes, with a message a try; undefined when `ending` fires first. */
export async function waitForNativeConnection(
  to: TemporalAddress,
  say: (message: string) => void,
  ending: AbortSignal,
): Promise<NativeConnection | undefined> {
  for (let pause = RETRY_MS; !ending.aborted; pause = Math.min(pause * 2, LONGEST_RETRY_MS)) {
    try {
      return await NativeConnection.connect({ address: to.address, ...tls(to) });
    } catch {
      say(`waiting for Temporal at ${to.address}`);
      await sleep(pause, undefined, { signal: ending }).catch(() => undefined);
    }
  }
  return undefined;
}

function tls({ tlsCaFile }: TemporalAddress): { tls?: { serverRootCACertificate: Buffer } } {
  return tlsCaFile === undefined ? {} : { tls: { serverRootCACertificate: readFileSync(tlsCaFile) } };
}
