import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const LAST_WORDS = fileURLToPath(new URL('../../process/last-words.ts', import.meta.url));

async function run(code: string): Promise<{ code: number | null; said: string }> {
  const script = `const { lastWords } = await import(${JSON.stringify(LAST_WORDS)}); const words = lastWords(() => console.log('told')); ${code}`;
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', script], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (said += String(chunk)));
  const [exitCode] = await once(child, 'close');
  return { code: exitCode, said };
}

test('an error that nobody catches is told by us, not by Node, and ends the process with 1', async () => {
  expect(await run(`setTimeout(() => { throw new Error('cse_secret'); }, 1); setTimeout(() => undefined, 5_000);`)).toEqual({
    code: 1,
    said: 'told\n',
  });
});

test('a retry of the Temporal client on a closed channel is a failure, but not while the process stops', async () => {
  const late = `setTimeout(() => { throw new Error('Channel has been shut down'); }, 1);`;
  expect((await run(late)).code).toBe(1);
  expect(await run(`words.stopping(); ${late}`)).toEqual({ code: 0, said: '' });
});
