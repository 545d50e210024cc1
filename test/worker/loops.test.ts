import { spawnSync } from 'node:child_process';
import { beforeAll, describe, expect, it } from 'vitest';
import { toSerialHex } from '../../contract/ids.ts';
import { buildCrl } from '../../core/pki/build-crl.ts';
import { octetsOf } from '../../core/pki/octets.ts';
import { readCrl } from '../../core/pki/read-crl.ts';
import { readCrlEntries } from '../../core/pki/read-crl-entries.ts';
import { createLogger } from '../../process/logger.ts';
import { startLoop } from '../../process/loop.ts';
import { endEnrollment } from '../../store/end-enrollment.ts';
import { renewCrls } from '../../worker/crl-loop.ts';
import { sweep } from '../../worker/sweeper.ts';
import { filesIn, pem, run, testSigner } from '../core/pki/test-hierarchy.ts';
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
  const turn = (backdateSeconds = 300) =>
    renewCrls({
      db: world.asRole('cs_issuer'),
      log,
      signers: world.issuanceDeps.signers,
      maxAgeSeconds: 3_600,
      lifeSeconds: 86_400,
      backdateSeconds,
    });
  const issuer = () => world.db.issuer.findUniqueOrThrow({ where: { id: 'issuing-ec' } });
  const crl = async () => {
    const read = readCrl((await issuer()).crl ?? new Uint8Array());
    return { ...read, entries: readCrlEntries(read.revoked) };
  };
  const dateOf = async (serial: string) => (await crl()).entries.find((entry) => entry.serial === serial)?.revokedAt;
  const backDated = ({ revokedAt, notBefore }: { revokedAt: Date; notBefore: Date }) =>
    new Date(Math.floor(Math.max(revokedAt.getTime() - 300_000, notBefore.getTime()) / 1_000) * 1_000);
  const revoked = async () => {
    const { id } = await rowIn(world, 'awaiting-ack');
    await endEnrollment(world.db, { id, state: 'cancelled', code: 'cancelled', actor: 'test' });
    const row = await world.db.revocation.findFirstOrThrow({ where: { enrollmentId: id, issuerId: 'issuing-ec' } });
    const { notBefore } = await world.db.certificate.findUniqueOrThrow({ where: { serial: row.serial } });
    return { ...row, notBefore };
  };

  it('signs CRLs that OpenSSL verifies; a revocation makes the next one due and is in it', async () => {
    await turn();
    const first = await issuer();
    await turn();
    expect((await issuer()).crlNumber).toBe(first.crlNumber);
    const { enrollmentId } = await revoked();
    await turn();
    const second = await issuer();
    expect([second.crlNumber, second.crlDueAt]).toEqual([first.crlNumber + 1n, null]);
    const path = filesIn({
      'crl.pem': pem('X509 CRL', second.crl ?? new Uint8Array()),
      'issuer.pem': world.hierarchy.issuers['issuing-ec'].certificatePem,
    });
    const { ok, output } = run('openssl', 'crl', '-in', path('crl.pem'), '-CAfile', path('issuer.pem'), '-noout', '-text', '-verify');
    expect(ok && output.includes('verify OK')).toBe(true);
    for (const { serial } of await world.db.certificate.findMany({ where: { enrollmentId } }))
      expect(output.toLowerCase()).toContain(serial);
  });

  it('signs CRLs that are good for clocks up to 300 s slow, issuing and root, and with which a revoked certificate is refused', async () => {
    // Its own CRL is not young any more: the next one need not keep behind it.
    await world.db.issuer.update({ where: { id: 'issuing-ec' }, data: { crl: null } });
    const [gone, good] = [await revoked(), await rowIn(world, 'awaiting-ack')];
    await turn();
    const kept = await world.db.certificate.findFirstOrThrow({ where: { enrollmentId: good.id, issuerId: 'issuing-ec' } });
    const lost = await world.db.certificate.findUniqueOrThrow({ where: { serial: gone.serial } });
    const { thisUpdate, crl: der } = await issuer();
    const signedAt = (thisUpdate?.getTime() ?? 0) / 1_000;
    const issuing = world.hierarchy.issuers['issuing-ec'].certificatePem;
    const at = filesIn({
      'kept.pem': pem('CERTIFICATE', kept.der),
      'lost.pem': pem('CERTIFICATE', lost.der),
      'kept-chain.pem': pem('CERTIFICATE', kept.der) + issuing,
      'lost-chain.pem': pem('CERTIFICATE', lost.der) + issuing,
      'issuing.pem': issuing,
      'root.pem': world.hierarchy.issuers.root.certificatePem,
      'crls.pem': pem('X509 CRL', world.hierarchy.rootCrl) + pem('X509 CRL', der ?? new Uint8Array()),
    });
    const openssl = (leaf: string, seconds: number) => {
      const crls = ['-attime', String(signedAt - seconds), '-crl_check_all', '-CRLfile', at('crls.pem')];
      return run('openssl', 'verify', ...crls, '-CAfile', at('root.pem'), '-untrusted', at('issuing.pem'), at(leaf));
    };
    for (const seconds of [0, 1, 30, 299]) {
      expect(openssl('kept.pem', seconds)).toMatchObject({ ok: true });
      expect(openssl('lost.pem', seconds)).toMatchObject({ ok: false, output: expect.stringContaining('certificate revoked') });
    }
    if (spawnSync('certtool', ['--version']).error !== undefined && process.env.CI === undefined) return;
    const certtool = (chain: string) =>
      run('certtool', '--verify', '--load-ca-certificate', at('root.pem'), '--load-crl', at('crls.pem'), '--infile', at(chain));
    expect(certtool('kept-chain.pem')).toMatchObject({ ok: true });
    expect(certtool('lost-chain.pem')).toMatchObject({ ok: false, output: expect.stringContaining('revoked') });
  });

  it('dates an entry once: back-dated, not before the certificate; the row keeps the true instant, nextUpdate counts from it', async () => {
    const first = await revoked();
    await turn();
    const { thisUpdate: signedAt } = await issuer();
    const listed = await dateOf(first.serial);
    expect(listed).toEqual(backDated(first));
    expect(listed?.getTime()).toBeLessThan(first.revokedAt.getTime());
    expect((await crl()).nextUpdate.getTime()).toBe((signedAt?.getTime() ?? 0) + 86_400_000);
    for (const backdate of [60, 0, 3_600]) {
      const before = await crl();
      await revoked();
      await turn(backdate);
      const { thisUpdate, entries } = await crl();
      expect(thisUpdate.getTime()).toBeGreaterThanOrEqual(before.thisUpdate.getTime());
      expect(entries.filter(({ revokedAt }) => revokedAt > thisUpdate)).toEqual([]);
      expect(entries).toEqual(expect.arrayContaining(before.entries));
    }
  });

  it('keeps the dates that an older release listed, and does not go behind its CRL', async () => {
    const { serial, revokedAt } = await revoked();
    const number = (await issuer()).crlNumber;
    const thisUpdate = new Date(Math.floor(Date.now() / 1_000) * 1_000);
    const nextUpdate = new Date(thisUpdate.getTime() + 86_400_000);
    const old = { serial: toSerialHex(serial), revokedAt: new Date(revokedAt.getTime() - 1_000), reason: 'cessationOfOperation' };
    const der = buildCrl({ signer: testSigner(world.hierarchy, 'issuing-ec'), number, thisUpdate, nextUpdate, revoked: [old] });
    await world.db.issuer.update({ where: { id: 'issuing-ec' }, data: { crl: octetsOf(der), thisUpdate, nextUpdate } });
    await turn();
    expect((await crl()).thisUpdate).toEqual(thisUpdate);
    expect(await dateOf(serial)).toEqual(new Date(Math.floor(old.revokedAt.getTime() / 1_000) * 1_000));
  });

  it('goes on after a CRL in the database that cannot be read', async () => {
    await world.db.issuer.update({ where: { id: 'issuing-ec' }, data: { crl: new Uint8Array([0x30, 0]), crlDueAt: new Date() } });
    const { serial, revokedAt, notBefore } = await revoked();
    await turn();
    expect(await dateOf(serial)).toEqual(backDated({ revokedAt, notBefore }));
  });

  it('lists a serial until a CRL with a thisUpdate after notAfter did, however rarely CRLs are made', async () => {
    const { serial } = await revoked();
    await turn();
    const expired = (days: number, ago: number) =>
      Promise.all([
        world.db.revocation.updateMany({ where: { serial }, data: { notAfter: new Date(Date.now() - days * 86_400_000) } }),
        world.db.issuer.update({
          where: { id: 'issuing-ec' },
          data: { crlDueAt: new Date(), thisUpdate: new Date(Date.now() - ago * 86_400_000) },
        }),
      ]);
    await expired(3, 3.5);
    await turn();
    expect(await dateOf(serial)).toBeDefined();
    await expired(5, 3.5);
    await turn();
    expect(await dateOf(serial)).toBeUndefined();
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
