import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { startWithLifeline } from '../../cli/dev/lifeline.ts';
import { processCommand } from '../../cli/dev/process-command.ts';

const folder = mkdtempSync(join(tmpdir(), 'cs-lifeline-'));
const LIFELINE = join(import.meta.dirname, '../../cli/dev/lifeline.ts');
const SLEEPER = 'setInterval(() => undefined, 1000); process.on("SIGTERM", () => { console.log("asked to end"); process.exit(7); });';

describe('a child on a lifeline', () => {
  it('is asked to end, writes to its log, and its exit code is known', async () => {
    const logFile = join(folder, 'asked.log');
    const child = startWithLifeline(process.execPath, ['-e', `console.log("begun");${SLEEPER}`], { logFile });
    await expect.poll(() => readFileSync(logFile, 'utf8')).toContain('begun');
    expect(processCommand(child.pid)).toContain('begun');
    await child.stop();
    expect(await child.ended).toBe(7);
    expect(readFileSync(logFile, 'utf8')).toContain('asked to end');
  });

  it('that does not listen is killed after the grace', async () => {
    const logFile = join(folder, 'deaf.log');
    const child = startWithLifeline(
      process.execPath,
      ['-e', 'process.on("SIGTERM", () => {}); console.log("begun"); setInterval(() => {}, 1000)'],
      { logFile },
    );
    await expect.poll(() => readFileSync(logFile, 'utf8')).toContain('begun');
    await child.stop(300);
    expect(await child.ended).toBe(137);
  });

  it('that cannot be started ends with 127', async () => {
    expect(await startWithLifeline('/no/such/program', [], { logFile: join(folder, 'none.log') }).ended).toBe(127);
  });

  it('ends with its parent, even when that one is killed', async () => {
    const script = join(folder, 'parent.mts');
    const call = `startWithLifeline(process.execPath, ['-e', ${JSON.stringify(SLEEPER)}], { logFile: ${JSON.stringify(join(folder, 'orphan.log'))} })`;
    writeFileSync(script, `import { startWithLifeline } from ${JSON.stringify(LIFELINE)};\nconsole.log(${call}.pid);\n`);
    const parent = spawn(process.execPath, ['--import', 'tsx', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    const pid = await new Promise<number>((done) => parent.stdout.once('data', (chunk: Buffer) => done(Number(chunk.toString()))));
    await expect.poll(() => processCommand(pid)).toContain('asked to end');
    parent.kill('SIGKILL');
    await expect.poll(() => processCommand(pid), { timeout: 5_000 }).toBeUndefined();
  });
});
