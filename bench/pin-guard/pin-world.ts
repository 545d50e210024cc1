import { randomBytes, randomUUID } from 'node:crypto';
import pg from 'pg';
import type { DevJson } from '../../cli/dev/dev-json.ts';
import { accessTokens } from '../access-tokens.ts';
import { atConcurrency } from '../at-concurrency.ts';
import { type ApiProcess, startApiProcess } from './api-process.ts';
import { type Enrollment, type PinBody, PinCaller } from './pin-caller.ts';

/** API processes over the rows of one stack, a caller for each, and a look at the rows beside them. */
export interface PinWorld {
  readonly processes: readonly ApiProcess[];
  readonly callers: readonly PinCaller[];
  readonly accessToken: () => Promise<string>;
  query: <Row extends pg.QueryResultRow>(sql: string, ...values: unknown[]) => Promise<Row[]>;
  /** Caller of process n modulo their number. */
  caller(n: number): PinCaller;
  /** Likewise with connections of its own: the phone of somebody else, who does not queue behind the others on our side. */
  bystander(n: number): PinCaller;
  stop(): Promise<void>;
}

export interface PinWorldOptions {
  readonly folder: string;
  readonly count: number;
  readonly connections: number;
  readonly settings: Readonly<Record<string, string>>;
}

export async function startPinWorld(dev: DevJson, { folder, count, connections, settings }: PinWorldOptions): Promise<PinWorld> {
  const names = Array.from({ length: count }, () => `${folder}/api-${randomUUID()}.log`);
  const processes = await Promise.all(names.map((name) => startApiProcess(dev, name, settings)));
  const callers = processes.map(({ api }) => new PinCaller(dev, api, connections));
  const bystanders = processes.map(({ api }) => new PinCaller(dev, api, 10));
  const pool = new pg.Pool({ connectionString: dev.databaseUrl, max: 4 });
  pool.on('error', () => undefined);
  return {
    processes,
    callers,
    accessToken: accessTokens(dev),
    query: async <Row extends pg.QueryResultRow>(sql: string, ...values: unknown[]) => (await pool.query<Row>(sql, values)).rows,
    caller: (n) => callers[n % callers.length] ?? raiseNoProcess(),
    bystander: (n) => bystanders[n % bystanders.length] ?? raiseNoProcess(),
    stop: async () => {
      await Promise.all([...callers, ...bystanders].map((caller) => caller.close()));
      await Promise.all(processes.map((one) => one.stop()));
      await pool.end();
    },
  };
}

export interface PinUser {
  readonly userId: string;
  readonly right: PinBody['pinHash'];
}

/** What a device would send for a PIN: the service cannot tell 32 random octets from a hash of digits. */
export function randomPinHash(kid = 's1'): PinBody['pinHash'] {
  return { v: 1, kid, value: randomBytes(32).toString('base64url') };
}

export function entry(mode: PinBody['mode'], pinHash = randomPinHash()): PinBody {
  return { mode, attemptId: randomUUID(), pinHash };
}

/** A user who has chosen a PIN on a first device. */
export async function userWithPin(world: PinWorld): Promise<PinUser> {
  const userId = `u-${randomUUID()}`;
  const right = randomPinHash();
  const first = await world.caller(0).enroll(await world.accessToken(), userId, 'd-first');
  const { status, code } = await world.caller(0).put(first, entry('setup', right));
  if (status !== 200) throw new Error(`the first PIN was answered ${status} ${code}`);
  await world.caller(0).cancel(first);
  return { userId, right };
}

/** Open enrollments of a user, each of a device of its own, created by both processes in turn. */
export function openEnrollments(world: PinWorld, userId: string, count: number): Promise<Enrollment[]> {
  const places = Array.from({ length: count }, (_, place) => place);
  return atConcurrency(places, 8, async (place) => world.caller(place).enroll(await world.accessToken(), userId, `d-${place}`));
}

function raiseNoProcess(): never {
  throw new Error('there is no API process');
}
