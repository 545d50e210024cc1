// Started by scratch.mjs beside a run: node end-with-run.mjs FOLDER, its standard input a pipe of the run. When the pipe closes, whatever
// ended the run, it ends the processes that work in FOLDER (their TMPDIR) and deletes FOLDER.
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';

const [folder = ''] = process.argv.slice(2);
const LOOK_MS = 100;
/** For the run's own ends, then for what was asked to end. */
const GRACE_MS = 10_000;

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => undefined);
process.stdin.resume();
process.stdin.once('close', () => void clean());

async function clean() {
  await gone(GRACE_MS);
  for (const signal of ['SIGTERM', 'SIGKILL']) {
    for (const pid of working()) end(pid, signal);
    await gone(GRACE_MS);
  }
  rmSync(folder, { recursive: true, force: true });
}

/** Waits until nothing works in the folder any more. */
async function gone(ms) {
  for (const until = Date.now() + ms; Date.now() < until && working().length > 0; ) await new Promise((done) => setTimeout(done, LOOK_MS));
}

/** Process ids, ours not. Where there is no /proc, only the folder goes. */
function working() {
  if (!existsSync('/proc/self/environ')) return [];
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid && worksHere(name));
}

function worksHere(pid) {
  try {
    const variables = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
    return variables.some((each) => each === `TMPDIR=${folder}` || each.startsWith(`TMPDIR=${folder}/`));
  } catch {
    return false;
  }
}

function end(pid, signal) {
  try {
    process.kill(Number(pid), signal);
  } catch {
    // It ended in the meantime.
  }
}
