import { randomBytes } from 'node:crypto';
import { Client, Connection, type WorkflowClientInterceptor } from '@temporalio/client';
import { NativeConnection } from '@temporalio/worker';
import { afterAll, inject } from 'vitest';
import type { KeyRing } from '../../core/key-ring.ts';
import { dataConverter } from '../../temporal/data-converter.ts';
import './provided.ts';
import './quiet-runtime.ts';
import { TEST_CODEC_KEYS } from './test-keys.ts';

export interface TestTemporal {
  readonly address: string;
  readonly namespace: 'default';
  readonly connection: Connection;
  readonly nativeConnection: NativeConnection;
  readonly client: Client;
}

/** Connections of this test file to the one Temporal server of the run, with the test codec; closed after the file's tests. */
export async function connectTestTemporal(
  options: { keys?: KeyRing; interceptor?: WorkflowClientInterceptor } = {},
): Promise<TestTemporal> {
  const address = temporalAddress();
  const connection = await Connection.connect({ address });
  const nativeConnection = await NativeConnection.connect({ address });
  const client = new Client({
    connection,
    dataConverter: dataConverter(options.keys ?? TEST_CODEC_KEYS),
    interceptors: { workflow: options.interceptor === undefined ? [] : [options.interceptor] },
  });
  afterAll(async () => {
    await connection.close();
    await nativeConnection.close();
  });
  return { address, namespace: 'default', connection, nativeConnection, client };
}

export function temporalAddress(): string {
  return inject('rig').temporalAddress;
}

/** Appended to task queue names (CS_TASK_QUEUE_SUFFIX), so that test files which share a server do not meet. */
export function taskQueueSuffix(): string {
  return `-${randomBytes(5).toString('hex')}`;
}
