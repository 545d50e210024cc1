import { pino } from 'pino';
import { Counter } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { allowedFields } from '../../process/log-fields.ts';
import { endEnrollment } from '../../store/end-enrollment.ts';
import { retentionCheck } from '../../worker/retention.ts';
import { retentionTurn } from '../../worker/retention-turn.ts';
import { createRow } from '../rig/enrollment-rows.ts';
import { freshDatabase } from '../rig/fresh-database.ts';
import { daysPass } from '../store/retention/days-pass.ts';

const fresh = await freshDatabase();
const rule = { endedDays: 30, certifiedDays: 90 };

async function endedRows(count: number): Promise<void> {
  for (let made = 0; made < count; made += 1) {
    const { id } = await createRow(fresh.db);
    await endEnrollment(fresh.db, { id, state: 'cancelled', code: 'cancelled', actor: 'test' });
  }
}

describe('a turn of retention', () => {
  it('removes all that is due, batch by batch, and says in log and metric how much; nothing when nothing is due', async () => {
    await endedRows(120);
    await daysPass(fresh.db, 30);
    await endedRows(1);
    const removed = new Counter({ name: 'removed', help: 'of this test', labelNames: ['table'] as const, registers: [] });
    const lines: string[] = [];
    const log = pino({ base: null, formatters: { log: allowedFields } }, { write: (line) => void lines.push(line) });
    const turn = () => retentionTurn({ db: fresh.asRole('cs_retention'), log, rule, removed });
    await turn();
    expect(await fresh.db.enrollment.count()).toBe(1);
    expect(lines.map((line) => /"removed":"([^"]*)"/.exec(line)?.[1])).toEqual(['50 enrollments', '50 enrollments', '20 enrollments']);
    const { values } = await removed.get();
    expect(values.find(({ labels }) => labels.table === 'enrollments')?.value).toBe(120);
    await turn();
    expect(lines).toHaveLength(3);
  });

  it('fails when its login may not: nothing is removed by a loop with another role', async () => {
    const removed = new Counter({ name: 'removed', help: 'of this test', labelNames: ['table'] as const, registers: [] });
    const turn = retentionTurn({ db: fresh.asRole('cs_sweeper'), log: pino({ level: 'silent' }), rule, removed });
    await expect(turn).rejects.toThrow(/permission denied for function remove_expired/);
  });
});

describe('the readiness of retention', () => {
  it('is good until no turn has succeeded for as long as the alarm says, and good again after the next one', async () => {
    let now = new Date('2026-01-01T00:00:00Z');
    let last: Date | undefined;
    const { name, check } = retentionCheck({ lastSuccess: () => last }, 3_600, () => now);
    const after = async (iso: string) => {
      now = new Date(iso);
      return check();
    };
    expect([name, await after('2026-01-01T00:59:59Z')]).toEqual(['retention', { ok: true }]);
    expect(await after('2026-01-01T01:00:00Z')).toMatchObject({ ok: false, detail: expect.stringContaining('2026-01-01T00:00:00.000Z') });
    last = now;
    expect(await after('2026-01-01T01:30:00Z')).toEqual({ ok: true });
    expect(await after('2026-01-01T02:00:00Z')).toMatchObject({ ok: false, detail: expect.stringContaining('2026-01-01T01:00:00.000Z') });
  });
});
