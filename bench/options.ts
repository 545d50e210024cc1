import { parseArgs } from 'node:util';
import { KEY_TYPES, type KeyType } from '../contract/key-types.ts';

/** How a user stands to the PIN: enters the present one again, chooses the first one, or has one that is not asked for. */
export const PIN_CASES = ['verify', 'setup', 'skip'] as const;
export type PinCase = (typeof PIN_CASES)[number];

export interface BenchOptions {
  /** Enrollments of one pass. */
  count: number;
  concurrency: number;
  /** Passes of each kind, taken in turn. */
  rounds: number;
  /** Enrollments of each key type in the idle pass. */
  idle: number;
  keys: readonly KeyType[];
  pins: readonly PinCase[];
  /** Data folder of a running stack, or its dev.json. */
  data: string | undefined;
  json: boolean;
}

export const USAGE = `npm run bench -- [options]
  --count <n>        enrollments of one pass (48)
  --concurrency <n>  in flight at the same time (16)
  --rounds <n>       passes of each kind, taken in turn (3)
  --idle <n>         enrollments of each key type, one at a time, for the idle latency (20)
  --keys <list>      key types of the CSR (EC:P-256,RSA:2048)
  --pins <list>      verify: the present PIN is entered again; setup: the user has none yet; skip: present and not asked for (verify,setup)
  --data <folder>    data folder (or dev.json) of a running stack; without it an own one is started and thrown away
  --json             prints one JSON document instead of tables`;

/** Throws one sentence on anything it does not know. */
export function readOptions(args: readonly string[]): BenchOptions | 'help' {
  const { values } = parseArgs({
    args: [...args],
    options: {
      count: { type: 'string', default: '48' },
      concurrency: { type: 'string', default: '16' },
      rounds: { type: 'string', default: '3' },
      idle: { type: 'string', default: '20' },
      keys: { type: 'string', default: 'EC:P-256,RSA:2048' },
      pins: { type: 'string', default: 'verify,setup' },
      data: { type: 'string' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return 'help';
  return {
    count: positive('count', values.count),
    concurrency: positive('concurrency', values.concurrency),
    rounds: positive('rounds', values.rounds),
    idle: positive('idle', values.idle),
    keys: listOf(KEY_TYPES, 'keys', values.keys),
    pins: listOf(PIN_CASES, 'pins', values.pins),
    data: values.data,
    json: values.json,
  };
}

function positive(name: string, text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1) throw new Error(`--${name} is a whole number above 0.`);
  return number;
}

function listOf<Item extends string>(known: readonly Item[], name: string, text: string): Item[] {
  return text.split(',').map((part) => {
    const found = known.find((item) => item === part.trim());
    if (found === undefined) throw new Error(`--${name}: ${part} is none of ${known.join(', ')}.`);
    return found;
  });
}
