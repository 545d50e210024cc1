import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { portSentence, type WantedPort } from './port-sentence.ts';

const PAUSE_MS = 200;

/**
 * Throws one sentence a port that is taken (or wanted twice), before anything is started. With `patienceMs` it first waits that long for
 * the ports of processes that are about to end.
 */
export async function assertPortsFree(wanted: readonly WantedPort[], patienceMs = 0): Promise<void> {
  for (let waited = 0; waited < patienceMs && (await anyTaken(wanted)); waited += PAUSE_MS) await sleep(PAUSE_MS);
  const taken = await Promise.all(wanted.map(async (want) => portSentence(want, hostOf(want), await tryToListen(want.port, hostOf(want)))));
  const twice = wanted.filter(({ port }, index) => wanted.findIndex((other) => other.port === port) !== index).map(twiceSentence);
  const problems = [...taken.filter((line) => line !== undefined), ...twice];
  if (problems.length > 0) throw new Error(problems.join('\n'));
}

/** Below the ports that the system gives to connections and to listeners without a wish: a free one there may be gone a second later. */
const LOWEST = 20_000;
const HIGHEST = 32_000;
const TRIES = 100;

/** A port of 127.0.0.1 that nobody listens on now. */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < TRIES; attempt += 1) {
    const port = randomInt(LOWEST, HIGHEST);
    if ((await tryToListen(port, '127.0.0.1')) === undefined) return port;
  }
  throw new Error(`127.0.0.1 has no free port from ${LOWEST} to ${HIGHEST}: end what listens there (ss -ltn).`);
}

async function anyTaken(wanted: readonly WantedPort[]): Promise<boolean> {
  return (await Promise.all(wanted.map(isFree))).includes(false);
}

async function isFree(want: WantedPort): Promise<boolean> {
  return (await tryToListen(want.port, hostOf(want))) === undefined;
}

function hostOf({ host = '127.0.0.1' }: WantedPort): string {
  return host;
}

/** Undefined when it can be listened on, else the code of the system. */
function tryToListen(port: number, host: string): Promise<string | undefined> {
  return new Promise((done) => {
    const server = createServer();
    server.once('error', ({ code = 'unknown' }: NodeJS.ErrnoException) => done(code));
    server.listen({ port, host, exclusive: true }, () => server.close(() => done(undefined)));
  });
}

function twiceSentence({ port, role, option }: WantedPort): string {
  return `Port ${port} for the ${role} is wanted by another part of this stack too; choose another port with ${option}.`;
}
