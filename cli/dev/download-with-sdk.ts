import { execFile } from 'node:child_process';
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { isExecutable } from './find-program.ts';

const WAIT_MS = 20_000;
const MAX_WAIT_MS = 120_000;

/**
 * Lets @temporalio/testing download the CLI or the time-skipping server into `folder` and returns the path; undefined when nothing came
 * within 20 s of silence, which is normal without the open internet. In a process of its own, because a download cannot be called off.
 */
export async function downloadWithSdk(what: 'dev-server' | 'time-skipping', folder: string): Promise<string | undefined> {
  mkdirSync(folder, { recursive: true });
  const method = what === 'dev-server' ? 'createLocal' : 'createTimeSkipping';
  const server = `{ executable: { type: 'cached-download', downloadDir: ${JSON.stringify(folder)} } }`;
  const script = `const { TestWorkflowEnvironment } = await import('@temporalio/testing');
    const environment = await TestWorkflowEnvironment.${method}({ server: ${server} });
    await environment.teardown();
    process.exit(0);`;
  await runAtMost(script, folder);
  return newest(folder, what === 'dev-server' ? /^temporal-sdk/ : /^temporal-test-server/);
}

function runAtMost(script: string, folder: string): Promise<void> {
  return new Promise((done) => {
    const child = execFile(process.execPath, ['--input-type=module', '-e', script], { cwd: import.meta.dirname }, () => settle());
    const hurry = setTimeout(() => (readdirSync(folder).length === 0 ? child.kill('SIGKILL') : undefined), WAIT_MS);
    const latest = setTimeout(() => child.kill('SIGKILL'), MAX_WAIT_MS);
    const settle = () => {
      for (const timer of [hurry, latest]) clearTimeout(timer);
      done();
    };
  });
}

function newest(folder: string, name: RegExp): string | undefined {
  return readdirSync(folder)
    .filter((file) => name.test(file))
    .map((file) => join(folder, file))
    .find(isExecutable);
}
