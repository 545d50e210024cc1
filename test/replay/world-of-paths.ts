import { expect } from 'vitest';
import type { OpenState } from '../../contract/states.ts';
import { createLogger } from '../../process/logger.ts';
import { ensureSearchAttributes } from '../../temporal/search-attributes.ts';
import { sweep } from '../../worker/sweeper.ts';
import { type EnrollmentRuns, enrollmentRuns, type Run, stateOf, until } from '../rig/enrollment-runs.ts';
import { type EnrollmentWorld, enrollmentWorld } from '../rig/enrollment-world.ts';
import { submit, takeCredentials } from '../rig/test-device.ts';
import { connectTestTemporal, type TestTemporal } from '../rig/test-temporal.ts';

/** What a path is played in: real servers, the real workers, once with and once without an issuance worker. */
export interface PathWorld {
  readonly server: TestTemporal;
  readonly world: EnrollmentWorld;
  readonly runs: EnrollmentRuns;
  /** Nobody issues here. */
  readonly stuck: EnrollmentRuns;
}

/** Called in beforeAll. */
export async function pathWorld(): Promise<PathWorld> {
  const server = await connectTestTemporal();
  await ensureSearchAttributes(server.connection, 'default');
  const world = await enrollmentWorld();
  const runs = await enrollmentRuns(world, { ...server, issuance: 'there' });
  const stuck = await enrollmentRuns(world, { ...server, issuance: 'away' });
  return { server, world, runs, stuck };
}

/** The device goes on from where the row stands, to the acknowledgement. */
export async function finish({ world }: PathWorld, { id, handle, submitted: before }: Run): Promise<void> {
  const submitted = before ?? (await submit(world.db, id));
  expect(await handle.executeUpdate('submitCsr', { args: [{ digest: submitted.digest }] })).toEqual({ state: 'awaiting-ack' });
  const { proof } = await takeCredentials(world.db, id, submitted);
  expect(await handle.executeUpdate('acknowledge', { args: [{ proof }] })).toEqual({ state: 'completed' });
}

/** Ends a row behind the back of its run, as the API or the sweeper does. */
export async function endBehindItsBack({ world }: PathWorld, { id }: Run, state: 'cancelled' | 'failed' | 'locked', code: string) {
  await world.db.$executeRaw`SELECT end_enrollment(${id}::uuid, ${state}, ${code}, 'test')`;
}

export async function sweepAway({ world }: PathWorld, { id }: Run, state: OpenState): Promise<void> {
  await world.db.$executeRaw`UPDATE enrollment SET stage_deadline = clock_timestamp() - interval '3 minutes'
    WHERE id = ${id}::uuid AND state = ${state}`;
  const deps = { db: world.db, log: createLogger('test', 'silent'), graceSeconds: 120, startGraceSeconds: 3_600, start: undefined };
  await until(async () => {
    await sweep(deps);
    return (await stateOf(world, id)).state === 'expired';
  }, 'the sweeper ends the row');
}
