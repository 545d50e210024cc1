import { beforeAll, describe, expect, it } from 'vitest';
import { createLogger } from '../../process/logger.ts';
import { startLoop } from '../../process/loop.ts';
import { endEnrollment } from '../../store/end-enrollment.ts';
import { renewCrls } from '../../worker/crl-loop.ts';
import { sweep } from '../../worker/sweeper.ts';
import { filesIn, pem, run } from '../core/pki/test-hierarchy.ts';
import { until } from '../rig/enrollment-runs.ts';
import { type EnrollmentWorld, enrollmentWorld } from '../rig/enrollment-world.ts';
import { rowIn, snapshot } from '../rig/row-stages.ts';

const log = createLogger('test', 'silent');
const grace = { graceSeconds: 120, startGraceSeconds: 10 };
let world: EnrollmentWorld;
beforeAll(async () => {
  world = await enrollmentWorld();
});

describe('the sweeper without Temporal', () => {
  it('ends overdue rows and leaves unstarted ones for a turn that can start them', async () => {
    const [late, unstarted] = [await rowIn(world, 'awaiting-ack'), await rowIn(world, 'awaiting-pin')];
    await world.db.$executeRaw`UPDATE enrollment SET stage_deadline = now() - interval '3 minutes' WHERE id = ${late.id}::uuid`;
    await world.db.$executeRaw`UPDATE enrollment SET created_at = now() - interval '1 minute' WHERE id = ${unstarted.id}::uuid`;
    await sweep({ db: world.asRole('cs_sweeper'), log, ...grace, start: undefined });
    expect(await snapshot(world, late.id)).toMatchObject({
      enrollment: { state: 'expired', code: 'deadline_ack' },
      delivery: { sealed: null },
    });
    expect((await snapshot(world, unstarted.id)).enrollment).toMatchObject({ state: 'awaiting-pin', startedAt: null });
    const away = sweep({ db: world.asRole('cs_sweeper'), log, ...grace, start: () => Promise.reject(new Error('Temporal is away')) });
    await expect(away).resolves.toBeUndefined();
    expect((await snapshot(world, unstarted.id)).enrollment).toMatchObject({ startedAt: null });
    await sweep({ db: world.asRole('cs_sweeper'), log, ...grace, start: () => Promise.resolve() });
    expect((await snapshot(world, unstarted.id)).enrollment).toMatchObject({ startedAt: expect.any(Date) });
  });
});

describe('the sweeper', () => {
  it('tells the runs of all rows that it ended at once, so that a slow Temporal does not add up', async () => {
    const ids = (await Promise.all([0, 1, 2].map(() => rowIn(world, 'awaiting-pin')))).map(({ id }) => id);
    await world.db.$executeRaw`UPDATE enrollment SET stage_deadline = now() - interval '3 minutes' WHERE id = ANY(${ids}::uuid[])`;
    const told = new Set<string>();
    let allTold: () => void = () => undefined;
    const everybody = new Promise<void>((done) => {
      allTold = done;
    });
    const ended = async (id: string) => {
      told.add(id);
      if (told.size === ids.length) allTold();
      await everybody;
    };
    await sweep({ db: world.asRole('cs_sweeper'), log, ...grace, start: undefined, ended });
    expect([...told].sort()).toEqual([...ids].sort());
  });
});

describe('the CRL loop', () => {
  it('signs CRLs that OpenSSL verifies; a revocation makes the next one due and is in it', async () => {
    const turn = () =>
      renewCrls({ db: world.asRole('cs_issuer'), log, signers: world.issuanceDeps.signers, maxAgeSeconds: 3_600, lifeSeconds: 86_400 });
    const issuer = () => world.db.issuer.findUniqueOrThrow({ where: { id: 'issuing-ec' } });
    await turn();
    const first = await issuer();
    await turn();
    expect((await issuer()).crlNumber).toBe(first.crlNumber);
    const { id } = await rowIn(world, 'awaiting-ack');
    await endEnrollment(world.db, { id, state: 'cancelled', code: 'cancelled', actor: 'test' });
    await turn();
    const second = await issuer();
    expect([second.crlNumber, second.crlDueAt]).toEqual([first.crlNumber + 1n, null]);
    const path = filesIn({
      'crl.pem': pem('X509 CRL', second.crl ?? new Uint8Array()),
      'issuer.pem': world.hierarchy.issuers['issuing-ec'].certificatePem,
    });
    const { ok, output } = run('openssl', 'crl', '-in', path('crl.pem'), '-CAfile', path('issuer.pem'), '-noout', '-text', '-verify');
    expect(ok && output.includes('verify OK')).toBe(true);
    for (const { serial } of await world.db.certificate.findMany({ where: { enrollmentId: id } }))
      expect(output.toLowerCase()).toContain(serial);
  });
});

describe('a loop', () => {
  it('survives a turn that fails, and after stop no further turn comes', async () => {
    let turns = 0;
    const turn = () => {
      turns += 1;
      return turns === 1 ? Promise.reject(new Error('the first turn fails')) : Promise.resolve();
    };
    const loop = startLoop('test', 0.02, turn, log, () => new Date());
    await until(async () => loop.lastSuccess() !== undefined, 'a turn ends well');
    expect(turns).toBeGreaterThan(1);
    await loop.stop();
    const stopped = turns;
    await new Promise((done) => setTimeout(done, 100));
    expect(turns).toBe(stopped);
  });
});
