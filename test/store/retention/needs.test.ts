import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import { isSdkKey } from '../../../store/blocked-key.ts';
import { type RetentionRule, removeExpired } from '../../../store/remove-expired.ts';
import { type FreshDatabase, freshDatabase } from '../../rig/fresh-database.ts';
import { daysPass } from './days-pass.ts';
import { anyLife, hasCertificates, hasIntents, isRevoked, isSigned, type Life, type Lived, live, submissionsOf } from './lives.ts';

let fresh: FreshDatabase;
beforeAll(async () => {
  fresh = await freshDatabase();
  await fresh.db.$executeRaw`INSERT INTO issuer (id, certificate) VALUES ('issuing-ec', '\\x00')`;
});

/** A step of time, and whether a CRL is signed after it. */
interface Step {
  days: number;
  crl: boolean;
  most: number;
}

const anyStep: fc.Arbitrary<Step> = fc.record({ days: fc.nat(200), crl: fc.boolean(), most: fc.integer({ min: 1, max: 4 }) });
const anyRule = fc.record({ endedDays: fc.integer({ min: 7, max: 60 }), certifiedDays: fc.integer({ min: 62, max: 120 }) });

/** Where time stands: days since the lives were made, and since the last CRL. */
interface Clock {
  days: number;
  crlDaysAgo: number;
}

/** Whether anybody may still need it, said by who needs it and not by the rule of removal. */
function isNeeded(life: Life, { days, crlDaysAgo }: Clock, rule: RetentionRule): boolean {
  const endedAgo = life.endedDaysAgo + 0.5 + days;
  const expiredAgo = endedAgo - life.validDays;
  const goesOn = life.kind === 'open';
  // Token, stored outcomes, the same Idempotency-Key.
  const isRepeated = endedAgo < rule.endedDays;
  // The present pair, a renewal of it, a recovery; whoever asks whose a serial is.
  const isCertified = isSigned(life) && expiredAgo < rule.certifiedDays;
  const isListed = isRevoked(life) && crlDaysAgo >= expiredAgo;
  return goesOn || isRepeated || isCertified || isListed;
}

/** Everything that hangs on an enrollment, counted. */
async function rowsOf({ id, serials }: Lived) {
  const where = { enrollmentId: id };
  const { db } = fresh;
  const [enrollment, intents, certificates, deliveries, submissions, attempts, revocations] = await Promise.all([
    db.enrollment.count({ where: { id } }),
    db.credentialIntent.count({ where }),
    db.certificate.count({ where }),
    db.delivery.count({ where }),
    db.csrSubmission.count({ where }),
    db.pinAttempt.count({ where }),
    db.revocation.count({ where: { serial: { in: [...serials] } } }),
  ]);
  return { enrollment, intents, certificates, deliveries, submissions, attempts, revocations };
}

function wholeOf(life: Lived) {
  const two = (has: boolean) => (has ? 2 : 0);
  return {
    enrollment: 1,
    intents: two(hasIntents(life)),
    certificates: two(hasCertificates(life)),
    deliveries: hasIntents(life) ? 1 : 0,
    submissions: submissionsOf(life),
    attempts: life.pinAttempts,
    revocations: two(isRevoked(life)),
  };
}

const NOTHING = { enrollment: 0, intents: 0, certificates: 0, deliveries: 0, submissions: 0, attempts: 0, revocations: 0 };

/** Whole or gone, and gone only when nobody needs it. `exactly`: then all that nobody needs is gone. */
async function look(lived: readonly Lived[], clock: Clock, rule: RetentionRule, exactly: boolean): Promise<void> {
  for (const life of lived) {
    const rows = await rowsOf(life);
    const needed = isNeeded(life, clock, rule);
    if (needed) expect({ life, rows }).toEqual({ life, rows: wholeOf(life) });
    else if (exactly) expect({ life, rows }).toEqual({ life, rows: NOTHING });
    else expect([wholeOf(life), NOTHING]).toContainEqual(rows);
    if (!hasIntents(life)) continue;
    expect(await fresh.db.keyClaim.count({ where: { enrollmentId: life.id } })).toBe(1);
    expect(await isSdkKey(fresh.asRole('cs_worker'), life.sdkKey)).toBe(true);
  }
  const there = await fresh.db.enrollment.findMany({ select: { deviceId: true, clientId: true } });
  const devices = await fresh.db.device.findMany({ where: { clientId: lived[0]?.clientId ?? '' } });
  for (const { deviceId } of devices) expect(there.map((row) => row.deviceId)).toContain(deviceId);
  for (const life of lived) {
    const row = await fresh.db.enrollment.findUnique({
      where: { clientId_idempotencyKey: { clientId: life.clientId, idempotencyKey: life.idempotencyKey } },
      select: { id: true },
    });
    if (isNeeded(life, clock, rule)) expect(row).toEqual({ id: life.id });
  }
}

async function pass({ days, crl }: Step, { days: before, crlDaysAgo }: Clock): Promise<Clock> {
  await daysPass(fresh.db, days);
  if (crl) await fresh.db.$executeRaw`UPDATE issuer SET this_update = now()`;
  return { days: before + days, crlDaysAgo: crl ? 0 : crlDaysAgo + days };
}

test('whatever lives were lived and however much time passes: what is needed is whole, what is not goes in the end, and no audit row goes', async () => {
  const property = fc.asyncProperty(
    fc.array(anyLife, { minLength: 1, maxLength: 8 }),
    fc.array(anyStep, { minLength: 1, maxLength: 4 }),
    anyRule,
    async (lives, steps, rule) => {
      const retention = fresh.asRole('cs_retention');
      const clientId = randomUUID();
      const lived = await Promise.all(lives.map((life) => live(fresh.db, clientId, life)));
      await fresh.db.$executeRaw`UPDATE issuer SET this_update = now() - interval '400 days'`;
      const audited = await fresh.db.audit.count();
      let clock: Clock = { days: 0, crlDaysAgo: 400 };
      for (const step of steps) {
        clock = await pass(step, clock);
        await removeExpired(retention, rule, step.most);
        await look(lived, clock, rule, false);
        while ((await removeExpired(retention, rule, step.most)).lookedAt > 0);
        await look(lived, clock, rule, true);
      }
      clock = await pass({ days: 4_000, crl: true, most: 50 }, clock);
      while ((await removeExpired(retention, rule, 50)).lookedAt > 0);
      await look(lived, clock, rule, true);
      expect(await fresh.db.audit.count()).toBeGreaterThanOrEqual(audited);
      expect(await fresh.db.enrollment.count({ where: { clientId, endedAt: { not: null } } })).toBe(0);
    },
  );
  await fc.assert(property, { numRuns: 25 });
}, 300_000);
