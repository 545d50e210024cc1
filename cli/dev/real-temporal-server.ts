import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder } from './cache-folder.ts';
import { findProgram, isExecutable } from './find-program.ts';
import { runWithProgress } from './run-with-progress.ts';

/** Programs of a Temporal server as installations run it: on PostgreSQL, with its own TLS. */
export interface RealTemporalServer {
  server: string;
  /** temporal-sql-tool, which makes the tables. */
  sqlTool: string;
  words: string;
}

const VERSION = 'v1.29.1';
const MODULES = [`go.temporal.io/server/cmd/server@${VERSION}`, `go.temporal.io/server/cmd/tools/sql@${VERSION}`];

/**
 * Finds the programs in our cache, or builds them there once with Go. Undefined where they are not and Go is not either: the Temporal CLI,
 * which can be had without Go, knows neither PostgreSQL nor TLS. Throws when the build fails.
 */
export async function findRealTemporalServer({
  env = process.env,
  say = () => undefined,
  offline = false,
}: {
  env?: Readonly<Record<string, string | undefined>>;
  say?: (sentence: string) => void;
  /** Only what is on this machine already. */
  offline?: boolean;
} = {}): Promise<RealTemporalServer | undefined> {
  const home = join(cacheFolder(env), `temporal-server-${VERSION.slice(1)}`);
  const [server, sqlTool] = [join(home, 'server'), join(home, 'sql')];
  if ([server, sqlTool].every(isExecutable)) return { server, sqlTool, words: `${home} (cache)` };
  const go = findProgram('go', env['PATH'] ?? '');
  if (offline || go === undefined) return undefined;
  await build(go, home, env, say);
  return { server, sqlTool, words: `${home} (built with Go)` };
}

/** Beside its place and renamed: a build that was interrupted is never taken. */
async function build(
  go: string,
  home: string,
  env: Readonly<Record<string, string | undefined>>,
  say: (sentence: string) => void,
): Promise<void> {
  const unfinished = `${home}.${process.pid}`;
  mkdirSync(unfinished, { recursive: true });
  try {
    const doing = `building the Temporal server ${VERSION} with Go, once, some minutes`;
    say(doing);
    for (const module of MODULES) await runWithProgress(go, ['install', module], { env: { ...env, GOBIN: unfinished }, say, doing });
    if (!existsSync(home)) renameSync(unfinished, home);
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
}
