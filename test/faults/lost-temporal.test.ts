import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findTemporal } from '../../cli/dev/find-temporal.ts';
import { startTemporal } from '../../cli/dev/temporal-server.ts';
import { type RunningStack, runningStack } from '../e2e/running-stack.ts';
import { until } from '../rig/enrollment-runs.ts';

const OPEN = ['awaiting-pin', 'awaiting-csr', 'issuing', 'awaiting-ack'] as const;
/** After which step of the device it goes away, so that its enrollment stays in a state. */
const LAST_STEP = { 'awaiting-pin': 'view-read', 'awaiting-csr': 'csr-stored', 'awaiting-ack': 'credentials-stored' } as const;

describe('Temporal is lost for good: an empty cluster takes its place', () => {
  let stack: RunningStack;
  const ids = new Map<string, string>();
  beforeAll(async () => {
    stack = await runningStack({ CS_SWEEP_INTERVAL_SECONDS: '1' });
    for (const state of ['awaiting-pin', 'awaiting-csr', 'awaiting-ack'] as const) ids.set(state, await park(state, LAST_STEP[state]));
    // Issuing lasts while the issuance process stands still.
    process.kill(stack.dev.pids['issuer'] ?? 0, 'SIGSTOP');
    const issuing = stack.enroll({ deviceId: 'd-issuing', userId: 'u-issuing', onRegistered: (id) => void ids.set('issuing', id) });
    issuing.catch(() => undefined);
    await until(async () => (await stateOf(ids.get('issuing') ?? '')) === 'issuing', 'it is issued for', 60);
    await replaceTemporal();
    process.kill(stack.dev.pids['issuer'] ?? 0, 'SIGCONT');
  }, 400_000);

  /** A stopped process would outlive a failed beforeAll. */
  afterAll(() => {
    try {
      process.kill(stack.dev.pids['issuer'] ?? 0, 'SIGCONT');
    } catch {
      // It has ended.
    }
  });

  test.each(OPEN)(
    'an enrollment in %s gets a new run, and its device completes it',
    async (state) => {
      const id = ids.get(state) ?? '';
      await expect.poll(() => knows(id), { timeout: 60_000 }).toBe(true);
      if ((await stateOf(id)) !== 'completed') expect(await stack.resume({ deviceId: `d-${state}` })).toMatchObject({ enrollmentId: id });
      expect(await stateOf(id)).toBe('completed');
      const rows = await stack.query<{ n: number }>(
        `SELECT count(*)::int AS n FROM certificate WHERE enrollment_id = $1 AND status = 'active'`,
        id,
      );
      expect(rows).toEqual([{ n: 2 }]);
      await expect.poll(() => statusOf(id), { timeout: 30_000 }).toBe('COMPLETED');
    },
    120_000,
  );

  test('new enrollments work', async () => {
    expect(await stack.enroll({ deviceId: 'd-new', userId: 'u-new' })).toMatchObject({ receiptVerified: true });
  }, 90_000);

  async function park(name: string, step: string): Promise<string> {
    let id = '';
    const gone = new Error('the app is gone');
    const enrolling = stack.enroll({
      deviceId: `d-${name}`,
      userId: `u-${name}`,
      onRegistered: (registered) => {
        id = registered;
      },
      onStep: (event) => {
        if (event.step === step) throw gone;
      },
    });
    await expect(enrolling).rejects.toThrow(gone);
    return id;
  }

  async function stateOf(id: string): Promise<string | undefined> {
    const [row] = await stack.query<{ state: string }>('SELECT state FROM enrollment WHERE id::text = $1', id);
    return row?.state;
  }

  async function statusOf(id: string): Promise<string> {
    return (await stack.temporal.workflow.getHandle(`enr-${id}`).describe()).status.name;
  }

  async function knows(id: string): Promise<boolean> {
    return statusOf(id).then(
      () => true,
      () => false,
    );
  }

  /** The old one is killed with all its histories; at its address an empty one begins. */
  async function replaceTemporal(): Promise<void> {
    process.kill(stack.dev.pids['temporal'] ?? 0, 'SIGKILL');
    await sleep(500);
    const source = await findTemporal({ offline: true });
    if (source.kind !== 'program') throw new Error('this test needs a Temporal server of its own');
    const port = Number(stack.dev.temporal.address.split(':')[1]);
    await startTemporal({ program: source.path, port, logFile: `${stack.dataFolder}/logs/temporal-new.log`, searchAttributes: [] });
  }
});
