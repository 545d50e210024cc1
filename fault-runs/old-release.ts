import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { attachment, type DevJson } from '../cli/dev/dev-json.ts';
import { startWithLifeline } from '../cli/dev/lifeline.ts';
import { type Ports, portNames } from '../cli/dev/ports.ts';

const ROOT = join(import.meta.dirname, '..');
/** Installing packages and, on a machine that has none, building a Temporal server. */
const UP_MS = 15 * 60_000;
/** Every part has 15 s to end, one after the other. */
const DOWN_MS = 120_000;

export interface OldRelease {
  /** The whole commit id. */
  readonly commit: string;
  /** Brings up its development stack on a data folder; nobody enrolls. */
  start(dataFolder: string, ports: Ports): Promise<RunningRelease>;
  discard(): void;
}

export interface RunningRelease {
  readonly dev: DevJson;
  stop(): Promise<void>;
}

/** Another revision of this repository in a folder of its own. Throws when git does not know it. */
export function checkOut(revision: string): OldRelease {
  const commit = git(ROOT, 'rev-parse', '--verify', `${revision}^{commit}`).trim();
  const folder = mkdtempSync(join(tmpdir(), 'cs-release-'));
  chmodSync(folder, 0o711); // PostgreSQL's own user must reach its programs here as it does in this checkout
  git(ROOT, 'clone', '--quiet', '--no-checkout', '--shared', ROOT, folder);
  git(folder, 'checkout', '--quiet', commit);
  return {
    commit,
    start: (dataFolder, ports) => startRelease(folder, dataFolder, ports),
    discard: () => rmSync(folder, { recursive: true, force: true }),
  };
}

function git(cwd: string, ...args: string[]): string {
  return execFileSync('git', args, { cwd, encoding: 'utf8' });
}

/** Its own `npm start`, which installs what its lock file names. */
async function startRelease(folder: string, dataFolder: string, ports: Ports): Promise<RunningRelease> {
  const logFile = join(folder, 'start.log');
  const fixed = portNames().flatMap((name) => [`--${name}-port`, String(ports[name])]);
  const line = startWithLifeline(process.execPath, ['bin/start.mjs', '--no-enroll', '--data', dataFolder, ...fixed], {
    logFile,
    cwd: folder,
    signal: 'TERM',
  });
  let ended = false;
  void line.ended.then(() => {
    ended = true;
  });
  for (const end = Date.now() + UP_MS; ; await sleep(250)) {
    const dev = attachedTo(dataFolder);
    if (dev !== undefined) return { dev, stop: () => line.stop(DOWN_MS) };
    if (!ended && Date.now() < end) continue;
    await line.stop(DOWN_MS);
    throw new Error(`The release did not come up. The end of ${logFile}:\n${readFileSync(logFile, 'utf8').slice(-1_500)}`);
  }
}

/** dev.json is written when everything is up. */
function attachedTo(dataFolder: string): DevJson | undefined {
  try {
    return attachment(dataFolder);
  } catch {
    return undefined;
  }
}
