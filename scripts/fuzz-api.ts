import { spawn } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { cacheFolder } from '../cli/dev/cache-folder.ts';
import { ownStack } from '../cli/dev/own-stack.ts';
import { runWithProgress } from '../cli/dev/run-with-progress.ts';
import { startFuzzCallers } from './fuzz-callers.ts';

const VERSION = '4.32.5';
const HELP = `npm run fuzz:api -- [--data <folder>] [--examples <n>] [--seed <n>] [--report <folder>] [-- options of schemathesis]

Runs schemathesis ${VERSION} over the API's own OpenAPI document against the running service, with all of its checks: no answer outside
its schema, no 5xx but the documented 503s, what does not fit is refused, no call without its credential. Starts a stack of its own on free
ports, or takes the one of a data folder (whose limits should be high: CS_RATE_LIMITS=false). Python 3 with venv makes the environment for
schemathesis once, in the cache folder.`;
/** The fuzzer is one address and one client; what it is after is not how often it may ask. */
const NO_LIMITS = { CS_RATE_LIMITS: 'false' };

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    data: { type: 'string' },
    examples: { type: 'string', default: '100' },
    seed: { type: 'string', default: '1' },
    report: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) console.log(HELP);
else process.exitCode = await fuzz();

async function fuzz(): Promise<number> {
  const program = await schemathesis();
  const stack = await ownStack(values.data, NO_LIMITS);
  try {
    const callers = await startFuzzCallers(stack.dev);
    try {
      return await run(program, argumentsFor(stack.dev.api, stack.dev.tlsCaFile), callers.url);
    } finally {
      await callers.close();
    }
  } finally {
    await stack.stop();
  }
}

function argumentsFor(api: string, tlsCaFile: string): string[] {
  const { report, examples, seed } = values;
  const reports = report === undefined ? [] : ['--report', 'junit,json', '--report-dir', resolve(report)];
  const where = ['--config-file', join(import.meta.dirname, 'fuzz-api.toml'), 'run', `${api}/docs/openapi.json`, '--url', api];
  const what = ['--tls-verify', tlsCaFile, '--checks', 'all', '--max-examples', examples, '--seed', seed, '--generation-database', 'none'];
  // Parts of a stack that share a laptop are slow at times, and that is no finding here.
  const how = ['--request-timeout', '60', '--suppress-health-check', 'all', '--no-color', '--continue-on-failure'];
  return [...where, ...what, ...how, ...reports, ...positionals];
}

async function schemathesis(): Promise<string> {
  const venv = join(cacheFolder(), `schemathesis-${VERSION}`);
  const program = join(venv, 'bin', 'schemathesis');
  if (existsSync(program)) return program;
  const say = (sentence: string) => console.error(`· ${sentence}`);
  mkdirSync(cacheFolder(), { recursive: true });
  await runWithProgress('python3', ['-m', 'venv', venv], { say, doing: 'making a Python environment' });
  await runWithProgress(join(venv, 'bin', 'pip'), ['install', '--quiet', `schemathesis==${VERSION}`], {
    say,
    doing: 'installing schemathesis',
  });
  return program;
}

function run(program: string, args: readonly string[], callers: string): Promise<number> {
  const env = { ...process.env, PYTHONPATH: import.meta.dirname, SCHEMATHESIS_HOOKS: 'fuzz_api_hooks', CS_FUZZ_CALLERS: callers };
  // It keeps what it found in the folder that it runs in.
  const child = spawn(program, args, {
    cwd: cacheFolder(),
    env: { ...env, PYTHONDONTWRITEBYTECODE: '1' },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  return new Promise((done, failed) => {
    child.once('error', failed);
    child.once('exit', (code) => done(code ?? 1));
  });
}
