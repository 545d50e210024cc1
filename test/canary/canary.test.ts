import { beforeAll, describe, expect, test } from 'vitest';
import { type CanaryReport, runCanary } from './run-canary.ts';

const readable = process.platform === 'linux' && process.getuid?.() === 0;

/** The same as `npm run canary`. The memory of other processes is open to root on Linux only. */
describe.skipIf(!readable)('after two enrollments whose secrets are known (skipped unless root on Linux: memory is read)', () => {
  let report: CanaryReport;
  beforeAll(async () => {
    report = await runCanary({ say: () => undefined });
  }, 300_000);

  test('the search finds every planted value in every place: it would find a leak', () => {
    expect(report.missed).toEqual([]);
  });

  test('no SDK key, device key, PIN, token or key of the service is anywhere but in the memory of the process that owns it', () => {
    expect(report.leaks).toEqual([]);
  });

  test('the search reached every place', () => {
    for (const { place, octets } of report.rows) expect(octets, place).toBeGreaterThan(0);
    const places = report.rows.map(({ place }) => place);
    for (const part of ['api', 'worker', 'issuer', 'codec', 'postgres', 'temporal']) expect(places).toContain(`memory of ${part}`);
  });

  test('the SDK keys are in no memory, that of the issuance process included, once their threads have ended', () => {
    const found = report.rows.flatMap(({ place, cells }) =>
      cells.filter(({ secret, found: forms }) => secret.startsWith('SDK key') && Object.keys(forms).length > 0).map(() => place),
    );
    expect(found).toEqual([]);
  });

  test('the sealed keys are in no live row after the acknowledgement', () => {
    expect(report.sealedInRows).toBe(0);
  });
});
