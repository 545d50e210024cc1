import { readFileSync } from 'node:fs';
import { Client, Connection } from '@temporalio/client';
import type { KeyRing } from '../core/key-ring.ts';
import { dataConverter } from './data-converter.ts';

export interface TemporalAddress {
  address: string;
  namespace: string;
  /** PEM file; without it the connection is not encrypted. */
  tlsCaFile?: string | undefined;
}

/** A client that connects when it is first used, so that a process can start, and answer from the rows, without Temporal. */
export function lazyClient(to: TemporalAddress, codecKeys: KeyRing): { client: Client; connection: Connection } {
  const connection = Connection.lazy({ address: to.address, ...tls(to), connectTimeout: '3 s' });
  return { connection, client: new Client({ connection, namespace: to.namespace, dataConverter: dataConverter(codecKeys) }) };
}

/** How both kinds of connection verify the frontend. */
export function tls({ tlsCaFile }: TemporalAddress): { tls?: { serverRootCACertificate: Buffer } } {
  return tlsCaFile === undefined ? {} : { tls: { serverRootCACertificate: readFileSync(tlsCaFile) } };
}
