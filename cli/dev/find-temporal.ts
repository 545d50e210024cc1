import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder } from './cache-folder.ts';
import { downloadWithSdk } from './download-with-sdk.ts';
import { findProgram, isExecutable } from './find-program.ts';
import { runWithProgress } from './run-with-progress.ts';

/** Where a Temporal server comes from; `words` says it to a person. */
export type TemporalSource = { kind: 'address'; address: string; words: string } | { kind: 'program'; path: string; words: string };

export interface FindOptions {
  env?: Readonly<Record<string, string | undefined>>;
  say?: (sentence: string) => void;
  /** Only what is on this machine already. */
  offline?: boolean;
}

const VERSION = 'v1.5.1';
const MODULE = `github.com/temporalio/cli/cmd/temporal@${VERSION}`;

/**
 * Finds a Temporal server, in this order: the server of TEMPORAL_ADDRESS; `temporal` on PATH; our cache; the download of the Temporal SDK
 * (short, because behind a registry-only network it never comes); built once by Go into our cache, some five minutes.
 * Throws one sentence that names what to install when nothing works. Measured ways: docs of the Temporal CLI, github.com/temporalio/cli.
 */
export async function findTemporal({
  env = process.env,
  say = () => undefined,
  offline = false,
}: FindOptions = {}): Promise<TemporalSource> {
  const address = env['TEMPORAL_ADDRESS'];
  if (address !== undefined && address !== '') return { kind: 'address', address, words: `the server at ${address} (TEMPORAL_ADDRESS)` };
  const onPath = findProgram('temporal', env['PATH'] ?? '');
  if (onPath !== undefined) return program(onPath, `${onPath} (on PATH)`);
  const cached = join(cacheFolder(env), 'bin', 'temporal');
  if (isExecutable(cached)) return program(cached, `${cached} (cache)`);
  const fetched = offline ? undefined : ((await download(env, say)) ?? (await build(env, cached, say)));
  if (fetched === undefined) throw new Error(NOTHING);
  return fetched;
}

const NOTHING =
  'There is no Temporal server: set TEMPORAL_ADDRESS, put the Temporal CLI (`temporal`) on PATH, or install Go 1.24 or newer so that it can be built here once.';

function program(path: string, words: string): TemporalSource {
  return { kind: 'program', path, words };
}

async function download(
  env: Readonly<Record<string, string | undefined>>,
  say: (sentence: string) => void,
): Promise<TemporalSource | undefined> {
  say('trying to download the Temporal CLI');
  const path = await downloadWithSdk('dev-server', join(cacheFolder(env), 'downloads'));
  return path === undefined ? undefined : program(path, `${path} (downloaded)`);
}

async function build(
  env: Readonly<Record<string, string | undefined>>,
  target: string,
  say: (sentence: string) => void,
): Promise<TemporalSource | undefined> {
  const go = findProgram('go', env['PATH'] ?? '');
  if (go === undefined) return undefined;
  const folder = join(cacheFolder(env), 'bin');
  mkdirSync(folder, { recursive: true });
  const doing = `building the Temporal CLI ${VERSION} with Go, once, about 5 minutes`;
  say(doing);
  await runWithProgress(go, ['install', MODULE], { env: { ...env, GOBIN: folder }, say, doing });
  return isExecutable(target) ? program(target, `${target} (built with Go)`) : undefined;
}
