import { Client, Connection } from '@temporalio/client';
import type { KeyRing } from '../core/key-ring.ts';
import { clientConnectionOptions } from './connection-options.ts';
import { dataConverter } from './data-converter.ts';
import type { TemporalAddress } from './temporal-address.ts';

/** A client that connects when it is first used, so that a process can start, and answer from the rows, without Temporal. */
export function lazyClient(to: TemporalAddress, codecKeys: KeyRing): { client: Client; connection: Connection } {
  const connection = Connection.lazy(clientConnectionOptions(to));
  return { connection, client: new Client({ connection, namespace: to.namespace, dataConverter: dataConverter(codecKeys) }) };
}
