import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const KEEPER = fileURLToPath(new URL('end-with-run.mjs', import.meta.url));

/**
 * A temporary folder for all processes of a run, as their TMPDIR. It goes with this process, however that ends, and with it every process
 * that still works in it. `end` does it now and waits for it.
 */
export function scratchFolder() {
  const folder = mkdtempSync(join(tmpdir(), 'cs-run-'));
  // PostgreSQL may run as another user.
  chmodSync(folder, 0o711);
  const keeper = spawn(process.execPath, [KEEPER, folder], { detached: true, stdio: ['pipe', 'ignore', 'inherit'] });
  keeper.unref();
  keeper.stdin.unref();
  const gone = once(keeper, 'exit');
  const end = async () => {
    keeper.ref();
    keeper.stdin.end();
    await gone;
  };
  return { folder, end };
}
