import { join, resolve } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { enrollOne } from '../demo/enroll-one.ts';
import { narrator, whatToTryNext, whereItIs } from '../demo/narrate.ts';
import { anyPorts } from '../dev/any-ports.ts';
import { takeDataFolder } from '../dev/data-folder.ts';
import { forgetDevJson } from '../dev/dev-json.ts';
import { assertPortsFree } from '../dev/free-ports.ts';
import { PORTS, type PortName, type Ports, portNames } from '../dev/ports.ts';
import { ON_THIS_MACHINE, reachOf } from '../dev/reach.ts';
import { type Stack, startStack } from '../dev/stack.ts';
import { complain, printText } from '../print.ts';
import { DEMO_PIN } from './enroll.ts';

interface DevOptions {
  data: string;
  once?: boolean;
  fresh?: boolean;
  anyPorts?: boolean;
  enroll: boolean;
  apiHost: string;
  apiName: string[];
  ports: Partial<Record<PortName, number>>;
}

export function devCommand(): Command {
  const command = new Command('dev')
    .description('everything on this machine: database, Temporal with its UI, all parts of the service, and one device enrolled')
    .option('--once', 'stop after the enrollment, with exit code 0')
    .option('--fresh', 'throw the data folder away and begin anew')
    .option('--data <folder>', 'data folder', 'data')
    .option('--any-ports', 'take free ports instead of the usual ones')
    .option('--api-host <address>', 'address that the API and the CRL files listen on; 0.0.0.0 lets the network in', ON_THIS_MACHINE.host)
    .option('--api-name <names>', 'how devices call this machine: names or addresses, commas between', toNames, [])
    .option('--no-enroll', 'only bring everything up');
  for (const name of portNames())
    command.option(`--${name}-port <port>`, `port of the ${PORTS[name].role} (${PORTS[name].preset})`, toPort);
  return command
    .addHelpText(
      'after',
      '\n  $ npm start                    the same as: cs dev\n  $ npm start -- --once --any-ports\n  $ npm start -- --api-host 0.0.0.0 --api-name my-laptop.local,192.168.1.5   for a phone in the same network\n',
    )
    .action((options: Omit<DevOptions, 'ports'>, { opts }: Command) => dev({ ...options, ports: givenPorts(opts.call(command)) }));
}

function toPort(text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new InvalidArgumentError('a port is a number from 1 to 65535');
  return port;
}

function toNames(text: string, before: string[]): string[] {
  return [...before, ...text.split(',')];
}

function givenPorts(options: Record<string, unknown>): DevOptions['ports'] {
  const camel = (name: string) => `${name}-port`.replaceAll(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
  const pairs = portNames().map((name) => [name, options[camel(name)]] as const);
  return Object.fromEntries(pairs.filter(([, port]) => typeof port === 'number'));
}

async function dev(options: DevOptions): Promise<void> {
  if (!import.meta.url.endsWith('.ts')) throw new Error('The development stack needs a checkout: run `npm start` there.');
  const begun = Date.now();
  const dataFolder = resolve(options.data);
  const reach = reachOf(options.apiHost, options.apiName);
  const interrupted = new AbortController();
  const signal = new Promise<void>((done) => {
    for (const name of ['SIGINT', 'SIGTERM'] as const)
      process.on(name, () => (interrupted.signal.aborted || printText('· stopping'), interrupted.abort(), done()));
  });
  const taken = takeDataFolder(dataFolder, options.fresh === true);
  try {
    const stack = await startStack({
      dataFolder,
      reach,
      ports: await choosePorts(options, taken.leftBehind ? ORPHANS_END_MS : 0),
      say: (sentence) => printText(`· ${sentence}`),
      signal: interrupted.signal,
    });
    try {
      printText(`· everything is up after ${((Date.now() - begun) / 1_000).toFixed(1)} s\n`);
      if (options.enroll) await Promise.race([demonstration(stack, dataFolder, options.once === true), signal, stack.broken]);
      if (options.once !== true) await untilStopped(stack, signal);
    } finally {
      if (!interrupted.signal.aborted) printText('· stopping');
      await stack.stop();
      forgetDevJson(dataFolder);
    }
  } finally {
    taken.release();
  }
  process.exit(process.exitCode ?? 0); // Temporal's native connections keep the event loop alive for a while
}

/** Parts of a killed stack end by themselves within this time. */
const ORPHANS_END_MS = 5_000;

async function choosePorts({ ports, anyPorts: free, apiHost }: DevOptions, patienceMs: number): Promise<Ports> {
  const chosen = await anyPorts(free === true ? ports : { ...presets(), ...ports });
  await assertPortsFree(
    portNames().map((name) => ({
      port: chosen[name],
      role: PORTS[name].role,
      option: `--${name}-port (or --any-ports)`,
      ...(name === 'api' || name === 'files' ? { host: apiHost } : {}),
    })),
    patienceMs,
  );
  return chosen;
}

function presets(): Partial<Ports> {
  return Object.fromEntries(portNames().map((name) => [name, PORTS[name].preset]));
}

/** A refused demonstration (wrong PINs were tried for its user before) is told and does not take the stack down; with --once it is the result. */
async function demonstration(stack: Stack, dataFolder: string, once: boolean): Promise<void> {
  try {
    await demonstrate(stack, dataFolder);
  } catch (error) {
    if (once) throw error;
    const why = error instanceof Error ? error.message : 'it failed';
    printText(`\nThe stack is up, but the demonstration was refused: ${why} Another device: npx cs enroll --user u-other; anew: --fresh.`);
  }
  if (!once) printText(whatToTryNext(dataFolder));
}

async function demonstrate({ dev }: Stack, dataFolder: string): Promise<void> {
  printText(
    'A device enrolls. The user has one PIN for all devices; the device makes its own key; the service makes the SDK key and cannot keep it.\n',
  );
  const narration = narrator(printText);
  const enrolled = await enrollOne(dev, {
    userId: 'u-demo',
    deviceId: 'd-1',
    pin: DEMO_PIN,
    pinPolicy: 'verify',
    keyType: 'EC:P-256',
    deliveryFormat: 'jwe',
    cardFolder: join(dataFolder, 'cards', 'u-demo.d-1'),
    onRegistered: narration.registered,
    onStep: narration.step,
  });
  printText(whereItIs(dev, enrolled, dataFolder));
}

async function untilStopped({ broken }: Stack, signal: Promise<void>): Promise<void> {
  printText('Running until Ctrl-C.');
  const reason = await Promise.race([broken, signal]);
  if (reason === undefined) return;
  complain(`cs: ${reason}`);
  process.exitCode = 1;
}
