import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder } from '../../cli/dev/cache-folder.ts';
import { findProgram, isExecutable } from '../../cli/dev/find-program.ts';
import { runWithProgress } from '../../cli/dev/run-with-progress.ts';
import { read } from '../deploy/compose.ts';

/** The version of the compose file. */
const VERSION = /image: temporalio\/ui:([\d.]+)/.exec(read('docker-compose.yml'))?.[1] ?? 'unknown';
const MODULE = 'github.com/temporalio/ui-server/v2';
/** `go install` refuses a module that replaces another one, so it is built from a module of ours that replaces the same. */
const GO_MOD = `module temporal-ui

go 1.23

require ${MODULE} v${VERSION}

replace github.com/grpc-ecosystem/grpc-gateway => github.com/temporalio/grpc-gateway v1.17.0
`;

/** The Temporal UI of the compose file, found in our cache or built there once with Go; undefined where there is neither. */
export async function findTemporalUi(say: (sentence: string) => void): Promise<string | undefined> {
  const home = join(cacheFolder(), `temporal-ui-${VERSION}`);
  const server = join(home, 'server');
  if (isExecutable(server)) return server;
  const go = findProgram('go');
  if (go === undefined) return undefined;
  const unfinished = `${home}.${process.pid}`;
  try {
    mkdirSync(unfinished, { recursive: true });
    writeFileSync(join(unfinished, 'go.mod'), GO_MOD);
    const args = ['build', '-mod=mod', '-o', join(unfinished, 'server'), `${MODULE}/cmd/server`];
    await runWithProgress(go, args, { cwd: unfinished, say, doing: `building the Temporal UI ${VERSION} with Go, once, some minutes` });
    renameSync(unfinished, home);
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
  return server;
}
