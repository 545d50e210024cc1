import { readFileSync } from 'node:fs';
import { url as inspectorUrl } from 'node:inspector';
import { ConfigError } from '../config/load-config.ts';

/** Where a process could be made to show its memory; read from the process itself, or made up by a test. */
export interface DebuggingFacts {
  execArgv: readonly string[];
  environment: Readonly<Record<string, string | undefined>>;
  inspector: string | undefined;
  /** `/proc/self/limits`; undefined where there is none. */
  limits: string | undefined;
}

/**
 * Node takes `_` for `-`, V8 one dash for two. Each of these shows memory, keys of connections, or environment: inspector, snapshots, reports, cores, TLS logs;
 * V8's `--trace` prints the arguments of every call, its `--log…` strings of the code, its exceptions their messages.
 */
const SHOWING =
  /^--?(inspect|debug|heapsnapshot|heap-prof|cpu-prof|prof$|report|diagnostic-report|experimental-report|abort-on-uncaught-exception|tls-keylog|trace-tls|trace$|trace-event|log-|log$|logfile|print-all-exceptions|allow-natives-syntax|expose-internals)/;
/** Log what Node, the database client or gRPC read and write: credentials, hashes, sealed keys. */
const LOGGING = ['NODE_DEBUG', 'NODE_DEBUG_NATIVE', 'DEBUG', 'GRPC_TRACE', 'GRPC_NODE_TRACE'];
/** Node does not read it (its way is `--tls-keylog`), the TLS library inside of the Temporal worker knows it. */
const KEY_LOG = 'SSLKEYLOGFILE';

/**
 * In production no inspector, no dump and no report (spec: no core dumps, inspector or debug routes): each would show keys, PIN hashes and
 * SDK keys in memory. Also takes SIGUSR1 away from Node, which would open the inspector on it. Throws ConfigError, one sentence a fault.
 */
export function refuseDebugging(name: string, production: boolean, environment: DebuggingFacts['environment']): void {
  if (!production) return;
  // Before the inspector is looked for: a signal that came earlier has opened it, one that comes later finds this.
  process.on('SIGUSR1', () => undefined);
  const facts = { execArgv: process.execArgv, environment, inspector: inspectorUrl(), limits: limitsOfThisProcess() };
  const faults = [...debuggingFaults(facts)];
  if (faults.length > 0) throw new ConfigError(`${name} cannot start:\n${faults.map((fault) => `  - ${fault}`).join('\n')}`);
}

export function* debuggingFaults({ execArgv, environment, inspector, limits }: DebuggingFacts): Generator<string> {
  for (const option of [...execArgv, ...(environment['NODE_OPTIONS'] ?? '').split(/[\s"]+/)]) {
    const [word = ''] = option.replaceAll('_', '-').split('=');
    if (SHOWING.test(word))
      yield `The Node option ${word} shows what is in memory. Remove it (command line, NODE_OPTIONS); in development set CS_ENV=development.`;
  }
  for (const variable of LOGGING)
    if (environment[variable]) yield `${variable} is set: libraries would log credentials and what they store. Remove it.`;
  if (environment[KEY_LOG]) yield `${KEY_LOG} is set: TLS libraries would write the keys of connections into a file. Remove it.`;
  if (environment['NODE_TLS_REJECT_UNAUTHORIZED'] === '0')
    yield 'NODE_TLS_REJECT_UNAUTHORIZED is 0: whoever is on the way could give us keys that make tokens. Remove it.';
  if (inspector !== undefined) yield 'The inspector is open. Start without it, and without SIGUSR1.';
  const core = coreLimit(limits);
  if (core !== undefined && core !== '0')
    yield `Core files are allowed (limit ${core}): a crash would write keys to disk. Set the limit to 0: \`ulimit -c 0\`, LimitCORE=0 in systemd, \`ulimits: { core: 0 }\` in compose.`;
}

function limitsOfThisProcess(): string | undefined {
  try {
    return readFileSync('/proc/self/limits', 'utf8');
  } catch {
    return undefined; // not Linux
  }
}

/** The soft limit, which is the one that the kernel goes by. */
function coreLimit(limits: string | undefined): string | undefined {
  const [, soft] = /^Max core file size +(\S+)/m.exec(limits ?? '') ?? [];
  return soft;
}
