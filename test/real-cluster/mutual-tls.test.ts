import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from 'node:tls';
import { type Connection } from '@temporalio/client';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { enrollOne } from '../../cli/demo/enroll-one.ts';
import { lazyClient } from '../../temporal/connection.ts';
import { waitForNativeConnection } from '../../temporal/native-connection.ts';
import type { TemporalAddress } from '../../temporal/temporal-address.ts';
import { TEST_CODEC_KEYS } from '../rig/test-keys.ts';
import { type Cluster, makeCluster } from './make-cluster.ts';
import { type ProductionProcesses, startProduction } from './production-processes.ts';
import { PROGRAMS, testBundle } from './programs.ts';

const MAIN = join(import.meta.dirname, '..', '..', 'cli', 'main.ts');

describe.skipIf(PROGRAMS === undefined)('Temporal with mutual TLS, PostgreSQL with TLS only', { timeout: 180_000 }, () => {
  let cluster: Cluster;
  let service: ProductionProcesses;
  const pair = (holder: string, name: string) => ({
    tlsCertificate: watched(cluster.secret(holder, `${name}.crt.pem`)),
    tlsKey: watched(cluster.secret(holder, `${name}.key.pem`)),
  });
  const to = (proof: Partial<TemporalAddress>): TemporalAddress => ({
    address: cluster.temporal,
    namespace: 'certificate-service',
    tlsCa: watched(cluster.secret('api', 'internal-ca.crt.pem')),
    ...proof,
  });

  beforeAll(async () => {
    cluster = await makeCluster();
    service = await startProduction(cluster, testBundle());
  }, 400_000);
  afterAll(async () => {
    await service?.stop();
    await cluster?.stop();
  }, 120_000);

  it('carry an enrollment from registration to certificates, every process in production, and a command tells its story', async () => {
    const enrolled = await enrollOne(service, device(cluster));
    expect(enrolled.receiptVerified).toBe(true);
    for (const name of ['api', 'worker', 'issuer'])
      expect(service.logOf(name), name).not.toMatch(/"level":60|self-signed|unable to verify|handshake/i);
    const story = execFileSync(process.execPath, ['--import', 'tsx', MAIN, 'enrollment', 'show', enrolled.enrollmentId], {
      encoding: 'utf8',
      env: { PATH: process.env['PATH'], ...operatorEnvironment(cluster) },
    });
    // Audit rows come from the database, events of the workflow from Temporal.
    expect(story).toContain('■');
    expect(story).toContain('·');
  });

  describe('Temporal refuses', () => {
    const proofs: ReadonlyArray<[string, () => TemporalAddress]> = [
      ['who speaks clear text', () => to({ tlsCa: undefined })],
      ['who has no certificate', () => to({})],
      ['a certificate of the CA that certifies our servers', () => to(pair('postgres', 'postgres-tls'))],
      ['a certificate of the CA that certifies the parts of Temporal', () => to(pair('temporal', 'internode-tls'))],
    ];

    it('each of them as a client', async () => {
      expect(await Promise.all(proofs.map(async ([, address]) => answers(address())))).toEqual(proofs.map(() => false));
    });

    it.each(proofs)('%s: as a worker, which says why and waits on', async (_who, address) => {
      const { connected, reasons } = await tryNative(address());
      expect(connected).toBe(false);
      expect(reasons[0]).toMatch(/^waiting for Temporal at localhost:\d+: .{5}/);
    });

    it('a server of another CA is refused by us', async () => {
      const other = to({ ...pair('api', 'temporal-client'), tlsCa: watched(cluster.secret('temporal', 'internode-ca.crt.pem')) });
      expect(await answers(other)).toBe(false);
      expect((await tryNative(other)).connected).toBe(false);
    });

    it('nobody with the right certificate', async () => {
      expect(await answers(to(pair('api', 'temporal-client')))).toBe(true);
      expect((await tryNative(to(pair('worker', 'temporal-client')))).connected).toBe(true);
    });
  });

  it('the parts of Temporal answer each other only, membership too', async () => {
    expect(await staysOpen(cluster.membershipPort, {})).toBe(false);
    expect(await staysOpen(cluster.membershipPort, pemPair(cluster, 'api', 'temporal-client'))).toBe(false);
    expect(await staysOpen(cluster.membershipPort, pemPair(cluster, 'temporal', 'internode-tls'))).toBe(true);
  });

  describe('PostgreSQL refuses', () => {
    const url = () => new URL(readFileSync(cluster.secret('api', 'api.database-url'), 'utf8').trim());

    it('a login without TLS, with the right password', async () => {
      const plain = url();
      plain.search = '';
      await expect(login(plain.href)).rejects.toThrow(/no pg_hba\.conf entry .*no encryption/);
      await expect(login(url().href)).resolves.toBe('cs_api');
    });

    it('the superuser from the network, with TLS too', async () => {
      const superuser = url();
      superuser.username = 'postgres';
      superuser.password = 'test';
      await expect(login(superuser.href)).rejects.toThrow(/pg_hba\.conf rejects/);
    });

    it('and we refuse a server of another CA', async () => {
      const other = url();
      other.searchParams.set('sslrootcert', cluster.secret('temporal', 'internode-ca.crt.pem'));
      await expect(login(other.href)).rejects.toThrow(/certificate/);
    });
  });
});

function device(cluster: Cluster): Parameters<typeof enrollOne>[1] {
  const nothing = () => undefined;
  const keys = { keyType: 'EC:P-256', deliveryFormat: 'jwe' } as const;
  const user = { userId: 'u-1', deviceId: 'd-1', pin: '482913', pinPolicy: 'verify' } as const;
  return { ...user, ...keys, cardFolder: join(cluster.folder, 'card'), onRegistered: nothing, onStep: nothing };
}

/** What an operator is given: a database role, and a certificate of their own for Temporal. */
function operatorEnvironment({ secret, temporal }: Cluster): Record<string, string> {
  return {
    CS_DATABASE_URL_FILE: secret('operator', 'operator.database-url'),
    CS_TEMPORAL_ADDRESS: temporal,
    CS_TEMPORAL_NAMESPACE: 'certificate-service',
    CS_TEMPORAL_TLS_CA_FILE: secret('operator', 'internal-ca.crt.pem'),
    CS_TEMPORAL_TLS_CERT_FILE: secret('operator', 'temporal-client.crt.pem'),
    CS_TEMPORAL_TLS_KEY_FILE: secret('operator', 'temporal-client.key.pem'),
  };
}

function watched(path: string): { path: string; content: string } {
  return { path, content: readFileSync(path, 'utf8') };
}

async function answers(to: TemporalAddress): Promise<boolean> {
  const { connection } = lazyClient(to, TEST_CODEC_KEYS);
  const ask = (one: Connection) => one.workflowService.describeNamespace({ namespace: to.namespace });
  try {
    return await connection.withDeadline(Date.now() + 10_000, () => ask(connection)).then(() => true);
  } catch {
    return false;
  } finally {
    await connection.close();
  }
}

/** One try, or two when the first is slow. */
async function tryNative(to: TemporalAddress): Promise<{ connected: boolean; reasons: string[] }> {
  const ending = new AbortController();
  const reasons: string[] = [];
  const say = (message: string, why: unknown) => {
    reasons.push(`${message}: ${String(why)}`);
    ending.abort();
  };
  const connection = await waitForNativeConnection(to, say, ending.signal);
  await connection?.close();
  return { connected: connection !== undefined, reasons };
}

function pemPair({ secret }: Cluster, holder: string, name: string): { cert: Buffer; key: Buffer } {
  return { cert: readFileSync(secret(holder, `${name}.crt.pem`)), key: readFileSync(secret(holder, `${name}.key.pem`)) };
}

/** In TLS 1.3 the refusal of a client certificate comes after the client's handshake is over. */
function staysOpen(port: number, proof: { cert?: Buffer; key?: Buffer }): Promise<boolean> {
  const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ...proof });
  onTestFinished(() => void socket.destroy());
  const closed = new Promise<boolean>((done) => socket.once('close', () => done(false)).once('error', () => done(false)));
  return Promise.race([closed, sleep(2_000, true)]);
}

async function login(connectionString: string): Promise<string> {
  const client = new pg.Client({ connectionString });
  try {
    await client.connect();
    const { rows } = await client.query<{ who: string }>('SELECT current_user AS who');
    return rows[0]?.who ?? '';
  } finally {
    await client.end().catch(() => undefined);
  }
}
