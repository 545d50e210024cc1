import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Connection } from '@temporalio/client';
import type { NativeConnection } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { lazyClient } from '../../temporal/connection.ts';
import { waitForNativeConnection } from '../../temporal/native-connection.ts';
import type { TemporalAddress } from '../../temporal/temporal-address.ts';
import { TEST_CODEC_KEYS } from '../rig/test-keys.ts';
import { type Cluster, makeCluster } from './make-cluster.ts';
import { PROGRAMS } from './programs.ts';
import { type TokenAuthority, tokenAuthority } from './with-tokens.ts';

const NAMESPACE = 'certificate-service';
const DENIED = expect.stringMatching(/unauthorized|permission/i);
/** Longer than the age at which a key is read again. */
const TAKEN_OVER = { timeout: 60_000, interval: 500 };

describe.skipIf(PROGRAMS === undefined)('Temporal that asks for API keys', { timeout: 180_000 }, () => {
  let authority: TokenAuthority;
  let cluster: Cluster;

  beforeAll(async () => {
    authority = await tokenAuthority();
    cluster = await makeCluster(authority.configure);
  }, 400_000);
  afterAll(async () => {
    authority?.close();
    await cluster?.stop();
  }, 120_000);

  it('takes a good one, and what the file holds later is used without a restart', async () => {
    const good = await authority.token(NAMESPACE);
    const file = keyFile(cluster, good);
    const { client, worker } = await connections({ ...addressOf(cluster), apiKey: file });
    const both = async () => [await describes(client), await describes(worker)];
    expect(await both()).toEqual(['answered', 'answered']);
    writeFileSync(file.path, `${await authority.token('another-namespace')}\n`);
    await expect.poll(both, TAKEN_OVER).toEqual([DENIED, DENIED]);
    // Half written: the key before stays.
    writeFileSync(file.path, '');
    expect(await both()).toEqual([DENIED, DENIED]);
    writeFileSync(file.path, `${good}\n`);
    await expect.poll(both, TAKEN_OVER).toEqual(['answered', 'answered']);
  });

  it('refuses a forged one: a client is told, a worker waits on and says why', async () => {
    const forged = { ...addressOf(cluster), apiKey: keyFile(cluster, await authority.token(NAMESPACE, true)) };
    const ending = new AbortController();
    const reasons: string[] = [];
    const say = (message: string, why: unknown) => {
      reasons.push(`${message}: ${String(why)}`);
      ending.abort();
    };
    expect(await waitForNativeConnection(forged, say, ending.signal)).toBeUndefined();
    expect(reasons).toEqual([expect.stringMatching(/^waiting for Temporal at .*unauthorized/i)]);
    const { connection } = lazyClient(forged, TEST_CODEC_KEYS);
    onTestFinished(() => connection.close());
    expect(await describes(connection)).toEqual(DENIED);
  });

  it('refuses who has none', async () => {
    const { client, worker } = await connections(addressOf(cluster));
    expect([await describes(client), await describes(worker)]).toEqual([DENIED, DENIED]);
  });

  it('is never sent a key in clear text: without a CA file the public CAs are asked, and know ours not', async () => {
    const file = keyFile(cluster, await authority.token(NAMESPACE));
    const { connection } = lazyClient({ ...addressOf(cluster), tlsCa: undefined, apiKey: file }, TEST_CODEC_KEYS);
    onTestFinished(() => connection.close());
    expect(await describes(connection)).toMatch(/certificate|deadline|unavailable/i);
  });
});

function addressOf({ temporal, secret }: Cluster): TemporalAddress {
  const path = secret('api', 'internal-ca.crt.pem');
  return { address: temporal, namespace: NAMESPACE, tlsCa: { path, content: readFileSync(path, 'utf8') } };
}

let files = 0;
function keyFile({ folder }: Cluster, token: string): { path: string; content: string } {
  const path = join(folder, `api-key-${(files += 1)}`);
  writeFileSync(path, `${token}\n`, { mode: 0o600 });
  return { path, content: token };
}

/** Of both kinds: API and commands have the first, workers the second. Closed after the test. */
async function connections(to: TemporalAddress): Promise<{ client: Connection; worker: NativeConnection }> {
  const ending = new AbortController();
  const worker = await waitForNativeConnection(to, () => undefined, ending.signal);
  if (worker === undefined) throw new Error('no connection');
  const { connection: client } = lazyClient(to, TEST_CODEC_KEYS);
  onTestFinished(async () => {
    ending.abort();
    await Promise.all([client.close(), worker.close()]);
  });
  return { client, worker };
}

/** `answered`, or the reason. */
function describes(connection: Connection | NativeConnection): Promise<string> {
  const ask = () => connection.workflowService.describeNamespace({ namespace: NAMESPACE });
  return connection.withDeadline(Date.now() + 10_000, ask).then(
    () => 'answered',
    (error: unknown) => (error instanceof Error ? error.message : ''),
  );
}
