import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder } from './cache-folder.ts';
import { downloadWithSdk } from './download-with-sdk.ts';
import { findProgram, isExecutable } from './find-program.ts';
import { runWithProgress } from './run-with-progress.ts';

export interface TimeSkippingServer {
  /** Executable that takes the port as its argument: `executable: { type: 'existing-path', path }` of @temporalio/testing. */
  path: string;
  words: string;
}

const VERSION = '1.38.0';
const POM = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>local</groupId><artifactId>temporal-test-server-copy</artifactId><version>1</version>
  <dependencies>
    <dependency><groupId>io.temporal</groupId><artifactId>temporal-test-server</artifactId><version>${VERSION}</version></dependency>
  </dependencies>
</project>
`;
const WRAPPER = `#!/bin/sh
exec java -cp "$(dirname "$0")/lib/*" io.temporal.testserver.TestServer "$@"
`;

/**
 * Finds Temporal's time-skipping test server: our cache; fetched once with Maven into it; else the download of @temporalio/testing.
 * Throws one sentence when neither works. With `offline` only the cache is looked at.
 */
export async function findTimeSkippingServer(
  options: { env?: Readonly<Record<string, string | undefined>>; say?: (sentence: string) => void; offline?: boolean } = {},
): Promise<TimeSkippingServer> {
  const { env = process.env, say = () => undefined, offline = false } = options;
  const home = join(cacheFolder(env), `temporal-test-server-${VERSION}`);
  const java = findProgram('java', env['PATH'] ?? '');
  const wrapper = join(home, 'temporal-test-server');
  if (java !== undefined && isExecutable(wrapper)) return { path: wrapper, words: `${wrapper} (cache)` };
  const maven = findProgram('mvn', env['PATH'] ?? '');
  if (!offline && java !== undefined && maven !== undefined && (await fetchWithMaven(maven, home, say))) {
    return { path: wrapper, words: `${wrapper} (fetched with Maven)` };
  }
  const path = offline ? undefined : await downloadWithSdk('time-skipping', join(cacheFolder(env), 'downloads'));
  if (path === undefined) throw new Error(NOTHING);
  return { path, words: `${path} (downloaded)` };
}

const NOTHING =
  'There is no time-skipping Temporal server: install Java 11 or newer with Maven (`java`, `mvn` on PATH), or open the network for the download of @temporalio/testing.';

/** Copied beside and renamed: a copy that was interrupted is never taken. */
async function fetchWithMaven(maven: string, home: string, say: (sentence: string) => void): Promise<boolean> {
  const unfinished = `${home}.${process.pid}`;
  mkdirSync(unfinished, { recursive: true });
  writeFileSync(join(unfinished, 'pom.xml'), POM);
  writeFileSync(join(unfinished, 'temporal-test-server'), WRAPPER, { mode: 0o755 });
  try {
    const args = ['-q', '-B', 'dependency:copy-dependencies', `-DoutputDirectory=${join(unfinished, 'lib')}`];
    await runWithProgress(maven, args, { cwd: unfinished, say, doing: 'fetching the time-skipping Temporal server with Maven' });
    if (!existsSync(home)) renameSync(unfinished, home);
    return true;
  } catch (error) {
    say(error instanceof Error ? error.message : 'Maven failed');
    return false;
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
}
