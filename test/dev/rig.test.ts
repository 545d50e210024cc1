import { expect, it } from 'vitest';
import { freshDatabase } from '../rig/fresh-database.ts';
import { connectTestTemporal } from '../rig/test-temporal.ts';
import { timeSkippingTemporal } from '../rig/time-skipping.ts';

it('gives two callers databases that do not see each other', async () => {
  const [one, other] = await Promise.all([freshDatabase(), freshDatabase()]);
  await one.db.$executeRaw`INSERT INTO audit (actor, action, outcome) VALUES ('rig', 'rig.test', 'ok')`;
  const counted = await Promise.all(
    [one, other].map(({ db }) => db.$queryRaw`SELECT count(*)::int AS rows FROM audit WHERE actor = 'rig'`),
  );
  expect(counted).toEqual([[{ rows: 1 }], [{ rows: 0 }]]);
});

it('reaches the one Temporal server of the run', async () => {
  const { connection } = await connectTestTemporal();
  const { namespaceInfo } = await connection.workflowService.describeNamespace({ namespace: 'default' });
  expect(namespaceInfo?.name).toBe('default');
});

it('jumps over an hour on the time-skipping server', async () => {
  const environment = await timeSkippingTemporal();
  const before = await environment.currentTimeMs();
  await environment.sleep('1 hour');
  expect((await environment.currentTimeMs()) - before).toBeGreaterThanOrEqual(3_600_000);
});
