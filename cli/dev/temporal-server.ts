import { mkdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Connection } from '@temporalio/client';
import { type Lifeline, startWithLifeline } from './lifeline.ts';

export interface TemporalServerOptions {
  /** Path of the Temporal CLI: see findTemporal. */
  program: string;
  port: number;
  /** Without it the server has no UI. */
  uiPort?: number;
  /** Base address of our codec server, as a browser reaches it. */
  uiCodecEndpoint?: string;
  /** File that keeps the histories; without it they end with the server. */
  databaseFile?: string;
  logFile: string;
  namespace?: string;
  /** `name=type` each; the service registers its own where they are missing. */
  searchAttributes?: readonly string[];
}

export interface TemporalServer {
  /** host:port of the frontend. */
  readonly address: string;
  readonly pid: number;
  readonly ended: Promise<number>;
  stop(): Promise<void>;
}

const READY_MS = 60_000;
const SEARCH_ATTRIBUTES = ['CsState=Keyword', 'CsFailureCode=Keyword', 'CsDeadline=Datetime'];

/**
 * Starts `temporal server start-dev` on 127.0.0.1 and waits until the namespace is served. It ends with this process.
 * Throws with the end of the log when it does not start.
 */
export async function startTemporal(options: TemporalServerOptions): Promise<TemporalServer> {
  mkdirSync(dirname(options.logFile), { recursive: true });
  const server = startWithLifeline(options.program, serverArguments(options), { logFile: options.logFile });
  const address = `127.0.0.1:${options.port}`;
  if (!(await serves(server, address, options.namespace ?? 'default'))) {
    await server.stop(0);
    throw new Error(`Temporal did not start; the end of ${options.logFile}:\n${readFileSync(options.logFile, 'utf8').slice(-1_000)}`);
  }
  return { address, pid: server.pid, ended: server.ended, stop: () => server.stop() };
}

function serverArguments({ port, uiPort, uiCodecEndpoint, databaseFile, namespace, searchAttributes }: TemporalServerOptions): string[] {
  return [
    'server',
    'start-dev',
    '--ip',
    '127.0.0.1',
    '--port',
    String(port),
    '--log-level',
    'warn',
    ...(uiPort === undefined ? ['--headless'] : ['--ui-port', String(uiPort)]),
    ...(uiCodecEndpoint === undefined || uiPort === undefined ? [] : ['--ui-codec-endpoint', uiCodecEndpoint]),
    ...(databaseFile === undefined ? [] : ['--db-filename', databaseFile]),
    ...(namespace === undefined || namespace === 'default' ? [] : ['--namespace', namespace]),
    ...(searchAttributes ?? SEARCH_ATTRIBUTES).flatMap((attribute) => ['--search-attribute', attribute]),
  ];
}

async function serves(server: Lifeline, address: string, namespace: string): Promise<boolean> {
  let over = false;
  const ended = server.ended.then(() => {
    over = true;
  });
  for (const end = Date.now() + READY_MS; !over && Date.now() < end; ) {
    if (await answers(address, namespace)) return true;
    await Promise.race([sleep(100), ended]);
  }
  return false;
}

/** The frontend answers before namespaces are in its cache: asking for the namespace is what counts. */
async function answers(address: string, namespace: string): Promise<boolean> {
  const connection = Connection.lazy({ address, connectTimeout: '1 s' });
  try {
    await connection.withDeadline(Date.now() + 1_000, () => connection.workflowService.describeNamespace({ namespace }));
    return true;
  } catch {
    return false;
  } finally {
    await connection.close();
  }
}
