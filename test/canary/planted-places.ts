import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client, type Connection } from '@temporalio/client';
import pg from 'pg';
import type { KeyRing } from '../../core/key-ring.ts';
import { dataConverter } from '../../temporal/data-converter.ts';
import { memoryPlace, metricsPlace, type Place } from './places.ts';
import type { Plant } from './plants.ts';

/** A database beside the service's, in the same cluster: its files and its WAL are searched with the others. Returns its URL. */
export async function plantInDatabase(adminUrl: string, plants: readonly Plant[]): Promise<string> {
  await inDatabase(adminUrl, (admin) => admin.query('CREATE DATABASE planted'));
  const url = new URL(adminUrl);
  url.pathname = '/planted';
  await inDatabase(url.href, async (client) => {
    await client.query('CREATE TABLE plant (octets bytea, words text)');
    for (const { content } of plants) await client.query('INSERT INTO plant VALUES ($1, $2)', [content, wordsIn(content)]);
    await client.query('CHECKPOINT');
  });
  return url.href;
}

/** What is text is also planted as text. */
function wordsIn(content: Buffer): string | null {
  return content.every((octet) => octet >= 0x20 && octet < 0x7f) || content.includes('-----BEGIN') ? content.toString('latin1') : null;
}

async function inDatabase(url: string, work: (client: pg.Client) => Promise<unknown>): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await work(client).finally(() => client.end());
}

/** One run with clear payloads, one with encrypted ones; nobody works on them. */
export async function plantInHistories(connection: Connection, keys: KeyRing, plants: readonly Plant[]): Promise<void> {
  const args = plants.map(({ content }) => new Uint8Array(content));
  const options = { args, taskQueue: 'nobody', workflowExecutionTimeout: '10 minutes' } as const;
  const clear = await new Client({ connection }).workflow.start('planted', { ...options, workflowId: 'planted-clear' });
  const sealed = await new Client({ connection, dataConverter: dataConverter(keys) }).workflow.start('planted', {
    ...options,
    workflowId: 'planted-sealed',
  });
  await Promise.all([clear.terminate(), sealed.terminate()]);
}

export function plantInFile(path: string, plants: readonly Plant[]): void {
  writeFileSync(path, Buffer.concat(plants.flatMap(({ content }) => [content, Buffer.from('\n')])));
}

export interface PlantedMemory {
  place: Place;
  end(): Promise<unknown>;
}

/** A process of the same kind as ours that holds all plants. */
export async function plantInMemory(plants: readonly Plant[]): Promise<PlantedMemory> {
  const holder = fileURLToPath(new URL('plant-holder.ts', import.meta.url));
  const child = spawn(process.execPath, ['--import', 'tsx', holder], { stdio: ['pipe', 'pipe', 'inherit'] });
  for (const { content } of plants) child.stdin.write(`${content.toString('base64')}\n`);
  child.stdin.write('planted\n');
  await once(child.stdout, 'data');
  return { place: memoryPlace('a process that holds them', child.pid ?? 0), end: () => (child.stdin.end(), once(child, 'exit')) };
}

/** An endpoint that shows all plants, read as the metrics of the service are. */
export async function plantInMetrics(plants: readonly Plant[]): Promise<PlantedMemory> {
  const server = createServer((_req, res) => res.end(Buffer.concat(plants.map(({ content }) => content))));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  // Octets that are no text would be lost in text(): metrics are text.
  return { place: metricsPlace('metrics that show them', [`http://127.0.0.1:${port}/`]), end: async () => server.close() };
}

export function plantFile(folder: string): string {
  return join(folder, 'planted.txt');
}
