import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import { debuggingFaults } from '../../process/refuse-debugging.ts';
import { environmentOf } from '../config/process-environment.ts';

const MAIN = join(import.meta.dirname, '..', '..', 'cli', 'main.ts');

interface Begun {
  /** What it wrote, both outputs together. */
  said: () => string;
  ended: Promise<number | null>;
  signal(name: NodeJS.Signals): void;
}

/** The codec server as it runs in production: the part that needs the fewest others. */
function begin({ node = [], env = {}, core = '0' }: { node?: string[]; env?: Record<string, string>; core?: string }): Begun {
  const words = ['--import', 'tsx', ...node, MAIN, 'codec'];
  const child = spawn('sh', ['-c', `ulimit -S -c ${core}; exec "$0" "$@"`, process.execPath, ...words], {
    env: { PATH: process.env['PATH'], ...environmentOf('codec', { CS_CODEC_PORT: '0' }), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (part: Buffer) => (text += part.toString()));
  onTestFinished(() => void child.kill('SIGKILL'));
  return { said: () => text, ended: once(child, 'exit').then(([code]) => code), signal: (name) => void child.kill(name) };
}

const listening = (begun: Begun) => expect.poll(begun.said, { timeout: 60_000 }).toContain('"listening"');

describe('a real process in production', { timeout: 120_000 }, () => {
  test('starts when nothing shows its memory; SIGUSR1 opens no inspector and does not end it', async () => {
    const begun = begin({});
    await listening(begun);
    begun.signal('SIGUSR1');
    await sleep(1_500);
    expect(begun.said()).not.toMatch(/debugger|inspector/i);
    begun.signal('SIGTERM');
    expect(await begun.ended).toBe(0);
  });

  test.each<[string, Parameters<typeof begin>[0], RegExp]>([
    ['with --inspect', { node: ['--inspect=127.0.0.1:0'] }, /The Node option --inspect shows.*\n.*The inspector is open/],
    ['with --inspect in NODE_OPTIONS', { env: { NODE_OPTIONS: '--inspect=127.0.0.1:0' } }, /The Node option --inspect shows/],
    ['with reports', { env: { NODE_OPTIONS: '--report-on-fatalerror' } }, /--report-on-fatalerror shows/],
    ['with heap snapshots by signal', { node: ['--heapsnapshot-signal=SIGUSR2'] }, /--heapsnapshot-signal shows/],
    ['with TLS keys in a log', { node: ['--tls-keylog=/dev/null'] }, /--tls-keylog shows/],
    ['with NODE_DEBUG', { env: { NODE_DEBUG: 'http' } }, /NODE_DEBUG is set/],
    ['with DEBUG, by which the database client tells its queries', { env: { DEBUG: 'prisma:*' } }, /DEBUG is set/],
    ['without verification of TLS', { env: { NODE_TLS_REJECT_UNAUTHORIZED: '0' } }, /NODE_TLS_REJECT_UNAUTHORIZED is 0/],
  ])('%s says why and ends with code 2', async (_what, how, why) => {
    const begun = begin(how);
    expect(await begun.ended).toBe(2);
    expect(begun.said()).toMatch(/^codec cannot start:$/m);
    expect(begun.said()).toMatch(why);
    expect(begun.said()).not.toContain('"listening"');
  });

  test('in development an inspector is nobody’s business but the developer’s', async () => {
    const begun = begin({ node: ['--inspect=127.0.0.1:0'], env: { CS_ENV: 'development' } });
    await listening(begun);
  });
});

describe('what shows memory', () => {
  const LIMITS = (soft: string) =>
    `Limit                     Soft Limit           Hard Limit           Units\nMax core file size        ${soft.padEnd(20)} unlimited            bytes\n`;
  const faults = (given: Partial<Parameters<typeof debuggingFaults>[0]>) => [
    ...debuggingFaults({ execArgv: [], environment: {}, inspector: undefined, limits: LIMITS('0'), ...given }),
  ];

  test.each([
    '--inspect',
    '--inspect-brk=0.0.0.0:9229',
    '--inspect-port=1',
    '--inspect_brk',
    '--inspect-publish-uid=http',
    '--heapsnapshot-near-heap-limit=1',
    '--heap-prof',
    '--cpu-prof',
    '--report-uncaught-exception',
    '--report-on-signal',
    '--report-dir=/tmp',
    '--abort-on-uncaught-exception',
    '--trace-tls',
    '--trace',
    '--trace-event-categories=node.http',
    '--log-all',
    '--logfile=/tmp/v8.log',
    '--print-all-exceptions',
    '--expose-internals',
    '-trace',
    '-log_all',
    '-abort-on-uncaught-exception',
    '-prof',
  ])('%s: on the command line and in NODE_OPTIONS, quoted too', (option) => {
    expect(faults({ execArgv: [option] })).toHaveLength(1);
    expect(faults({ environment: { NODE_OPTIONS: `--max-old-space-size=512 ${option}` } })).toHaveLength(1);
    expect(faults({ environment: { NODE_OPTIONS: `"${option}" --max-old-space-size=512` } })).toHaveLength(1);
  });

  test.each([
    '--disable-sigusr1',
    '--max-old-space-size=512',
    '--import',
    'tsx',
    '--trace-warnings',
    '--trace-uncaught',
    '--enable-source-maps',
    '--use-openssl-ca',
  ])('%s does not', (option) => {
    expect(faults({ execArgv: [option], environment: { NODE_OPTIONS: option } })).toEqual([]);
  });

  test.each(['NODE_DEBUG', 'NODE_DEBUG_NATIVE', 'DEBUG', 'GRPC_TRACE', 'GRPC_NODE_TRACE', 'SSLKEYLOGFILE'])(
    'the variable %s, unless it is empty',
    (name) => {
      expect(faults({ environment: { [name]: 'all' } })).toEqual([expect.stringMatching(`^${name} is set: .*Remove it\\.$`)]);
      expect(faults({ environment: { [name]: '' } })).toEqual([]);
    },
  );

  test('core files: the soft limit must be 0; where there is no such file nothing is said', () => {
    expect(faults({ limits: LIMITS('0') })).toEqual([]);
    expect(faults({ limits: undefined })).toEqual([]);
    for (const soft of ['unlimited', '1', '1048576'])
      expect(faults({ limits: LIMITS(soft) })).toEqual([expect.stringContaining(`limit ${soft}`)]);
  });

  test('an inspector that was opened otherwise', () => {
    expect(faults({ inspector: 'ws://127.0.0.1:9229/x' })).toEqual([expect.stringContaining('The inspector is open')]);
  });
});
