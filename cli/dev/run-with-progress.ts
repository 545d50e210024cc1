import { spawn } from 'node:child_process';

const TICK_MS = 5_000;
const KEPT_CHARACTERS = 2_000;

/** Runs a slow command, says every few seconds how long it already takes, and throws with the end of its output when it fails. */
export async function runWithProgress(
  command: string,
  args: readonly string[],
  options: { env?: Readonly<Record<string, string | undefined>>; cwd?: string; say: (sentence: string) => void; doing: string },
): Promise<void> {
  const begun = Date.now();
  const ticker = setInterval(() => options.say(`${options.doing} … ${Math.round((Date.now() - begun) / 1_000)} s`), TICK_MS);
  try {
    const { code, said } = await run(command, args, { ...process.env, ...options.env }, options.cwd);
    if (code !== 0) throw new Error(`${command} ${args.join(' ')} failed. It said:\n${said.trim()}`);
  } finally {
    clearInterval(ticker);
  }
}

function run(command: string, args: readonly string[], env: Readonly<Record<string, string | undefined>>, cwd?: string) {
  const child = spawn(command, args, { env: { ...env }, stdio: ['ignore', 'pipe', 'pipe'], ...(cwd === undefined ? {} : { cwd }) });
  let said = '';
  const keep = (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-KEPT_CHARACTERS);
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  return new Promise<{ code: number | null; said: string }>((done) => {
    child.once('error', (error) => done({ code: null, said: error.message }));
    child.once('close', (code) => done({ code, said }));
  });
}
