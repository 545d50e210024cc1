import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { toSerialHex } from '../../contract/ids.ts';
import { buildCrl, type RevokedEntry } from '../../core/pki/build-crl.ts';
import { octetsOf } from '../../core/pki/octets.ts';
import { endEnrollment } from '../../store/end-enrollment.ts';
import { renewCrls } from '../../worker/crl-loop.ts';
import { startCrlLoops } from '../../worker/crl-loops.ts';
import { crlsInForce } from '../../worker/issuance-checks.ts';
import { rootCrlFile } from '../../worker/root-crl-file.ts';
import { pem, testHierarchy, testSigner } from '../core/pki/test-hierarchy.ts';
import { until } from '../rig/enrollment-runs.ts';
import { type EnrollmentWorld, enrollmentWorld } from '../rig/enrollment-world.ts';
import { logLines } from '../rig/log-lines.ts';
import { rowIn } from '../rig/row-stages.ts';

const HOUR = 3_600_000;
const path = join(mkdtempSync(join(tmpdir(), 'cs-root-crl-')), 'root.crl');
let world: EnrollmentWorld;
beforeAll(async () => {
  world = await enrollmentWorld();
});

interface Made {
  number?: bigint;
  from?: number;
  until?: number;
  revoked?: readonly RevokedEntry[];
}

/** A root CRL; times in hours from now. */
function crl({ number = 2n, from = -1, until = 24 * 80, revoked = [] }: Made = {}): Uint8Array {
  const at = (hours: number) => new Date(Date.now() + hours * HOUR);
  return buildCrl({ signer: testSigner(world.hierarchy, 'root'), number, thisUpdate: at(from), nextUpdate: at(until), revoked });
}

const stored = () => world.db.issuer.findUniqueOrThrow({ where: { id: 'root' } });

/** A process that watches the file, without anything that it took over before. */
function watch(mayLack: readonly string[] = []) {
  const { log, next } = logLines();
  const root = octetsOf(testSigner(world.hierarchy, 'root').certificateDer);
  const file = rootCrlFile({ db: world.asRole('cs_issuer'), log, path, root, issuing: [], mayLack: new Set(mayLack) });
  return { ...file, lines: next };
}

const ec = toSerialHex('40000000000000000000000000000003');
const compromised = { serial: ec, revokedAt: new Date(Date.now() - 1_000 * HOUR), reason: 'cACompromise' };

describe('the root CRL file', () => {
  it('is taken over when it is newer: one log line, one audit row, ready', async () => {
    const { look, check, lines } = watch();
    expect(await check.check()).toMatchObject({ ok: false, detail: expect.stringContaining('not looked at yet') });
    writeFileSync(path, crl({ number: 2n, revoked: [compromised] }));
    await look();
    await look();
    expect(lines()).toEqual([
      ['info', expect.stringMatching(`^root CRL 2 taken over from ${path}, in force until .*; it revokes ${ec} \\(cACompromise\\)$`)],
    ]);
    expect(await check.check()).toEqual({ ok: true });
    expect((await stored()).crlNumber).toBe(2n);
    const audit = await world.db.audit.findMany({ where: { action: 'crl.import' }, orderBy: { id: 'desc' }, take: 1 });
    expect(audit).toMatchObject([{ actor: 'issuance', outcome: 'taken over', detail: { issuer: 'root', number: '2', entries: 1 } }]);
  });

  it('is read as PEM too', async () => {
    const { look, check, lines } = watch();
    const newer = crl({ number: 3n, revoked: [compromised] });
    writeFileSync(path, pem('X509 CRL', newer));
    await look();
    expect(Buffer.from((await stored()).crl ?? []).equals(newer)).toBe(true);
    expect(lines()).toEqual([['info', expect.stringContaining('root CRL 3 taken over')]]);
    expect(await check.check()).toEqual({ ok: true });
  });

  it.each<[string, () => Uint8Array | undefined, string, string]>([
    [
      'PEM of another thing',
      () => Buffer.from(world.hierarchy.issuers.root.certificatePem),
      'holds a PEM block CERTIFICATE',
      'Copy pki/root.crl again',
    ],
    ['half copied', () => crl({ number: 9n, revoked: [compromised] }).subarray(0, 300), 'runs past the end', 'Copy pki/root.crl again'],
    ['empty', () => new Uint8Array(), 'is empty', 'Copy pki/root.crl again'],
    ['missing', () => undefined, 'cannot be read (ENOENT)', 'CS_ROOT_CRL_FILE names the place'],
    ['from the future', () => crl({ number: 9n, from: 2, revoked: [compromised] }), 'It is in force from', 'the clock of the machine'],
    ['run out', () => crl({ number: 9n, from: -480, until: -240, revoked: [compromised] }), 'It ran out at', 'Sign a new one'],
    ['without the revoked CA', () => crl({ number: 9n }), `no longer lists ${ec}`, 'keeps its entries'],
  ])('%s: the good one stays, log and readiness name file, fault and repair', async (_, content, fault, repair) => {
    const { look, check, lines } = watch();
    const before = await stored();
    const octets = content();
    if (octets === undefined) rmSync(path);
    else writeFileSync(path, octets);
    await look();
    await look();
    await look();
    expect(await stored()).toEqual(before);
    const said = await check.check();
    expect(said).toMatchObject({ ok: false, detail: expect.stringContaining(`root CRL file ${path} is not taken over.`) });
    expect(said.detail).toContain(fault);
    expect(said.detail).toContain(repair);
    expect(lines()).toEqual([['warn', expect.stringContaining(fault)]]);
    writeFileSync(path, Buffer.from(before.crl ?? []));
    await look();
    expect(lines()).toEqual([['info', expect.stringContaining('is in order again')]]);
    expect(await check.check()).toEqual({ ok: true });
  });

  it('that is older is left alone and said; the process stays ready', async () => {
    const { look, check, lines } = watch();
    writeFileSync(path, crl({ number: 2n, revoked: [compromised] }));
    await look();
    await look();
    expect(lines()).toEqual([['warn', expect.stringContaining('Its number is 2; number 3 is in force.')]]);
    expect(await check.check()).toMatchObject({ ok: true, detail: expect.stringContaining('number 3 is in force') });
    expect((await stored()).crlNumber).toBe(3n);
  });

  it('two contents that are refused are two lines', async () => {
    const { look, lines } = watch();
    for (const content of [crl({ number: 7n }), crl({ number: 8n })]) {
      writeFileSync(path, content);
      await look();
      await look();
    }
    expect(lines().map(([level]) => level)).toEqual(['warn', 'warn']);
  });

  it('may leave out an entry that somebody named, which log and audit keep', async () => {
    const { look, lines } = watch([ec]);
    writeFileSync(path, crl({ number: 10n }));
    await look();
    expect(lines()).toEqual([['info', expect.stringContaining(`no longer listed, as CS_ROOT_CRL_MAY_LACK allows: ${ec}`)]]);
    const [row] = await world.db.audit.findMany({ where: { action: 'crl.import' }, orderBy: { id: 'desc' }, take: 1 });
    expect(row?.detail).toMatchObject({ number: '10', entries: 0, lacks: ec });
  });

  it('two processes that look at once take it over once', async () => {
    writeFileSync(path, crl({ number: 11n }));
    const processes = [watch(), watch(), watch()];
    await Promise.all(processes.map(({ look }) => look()));
    await Promise.all(processes.map(({ look }) => look()));
    expect(processes.flatMap(({ lines }) => lines()).filter(([, text]) => text.includes('taken over from'))).toHaveLength(1);
    expect(await world.db.audit.count({ where: { action: 'crl.import', detail: { path: ['number'], equals: '11' } } })).toBe(1);
  });
});

describe('what is no fault of the file', () => {
  it('a CRL in the database that cannot be read is told as that, and is left alone', async () => {
    const { look, check, lines } = watch();
    const before = await stored();
    const broken = new Uint8Array([0x30, 0]);
    await world.db.issuer.update({ where: { id: 'root' }, data: { crl: broken } });
    writeFileSync(path, crl({ number: 20n }));
    await look();
    expect(Buffer.from((await stored()).crl ?? [])).toEqual(Buffer.from(broken));
    expect(lines()).toEqual([
      ['warn', expect.stringContaining('Not this file is at fault: the root CRL in force, which the database holds')],
    ]);
    expect(await check.check()).toMatchObject({ ok: false, detail: expect.stringContaining('from a backup') });
    await world.db.issuer.update({ where: { id: 'root' }, data: { crl: before.crl } });
  });

  it('the entry of an expired CA leaves the list, also when this process does not issue with that CA any more', async () => {
    const { look, lines } = watch();
    const past = testHierarchy(new Date(Date.now() - 11 * 365 * 24 * HOUR));
    const before = await stored();
    const known = await world.db.issuer.findUnique({ where: { id: 'issuing-rsa' } });
    const certificate = octetsOf(testSigner(past, 'issuing-rsa').certificateDer);
    const { serials } = past;
    await world.db.issuer.upsert({ where: { id: 'issuing-rsa' }, create: { id: 'issuing-rsa', certificate }, update: { certificate } });
    const revoked = [{ ...compromised, serial: toSerialHex(serials['issuing-rsa']) }];
    const listing = octetsOf(crl({ number: before.crlNumber, revoked }));
    await world.db.issuer.update({ where: { id: 'root' }, data: { crl: listing } });
    writeFileSync(path, crl({ number: before.crlNumber + 1n }));
    await look();
    expect(lines()).toEqual([['info', expect.stringContaining('taken over')]]);
    if (known === null) await world.db.issuer.delete({ where: { id: 'issuing-rsa' } });
    else await world.db.issuer.update({ where: { id: 'issuing-rsa' }, data: { certificate: known.certificate } });
  });
});

describe('a root CRL that revokes an issuing CA of this process', () => {
  it('is an error line when it is taken over, and makes the process unready', async () => {
    const { log, next } = logLines();
    const config = {
      crlIntervalSeconds: 1,
      crlMaxAgeSeconds: 3_600,
      crlLifeSeconds: 86_400,
      backdateSeconds: 300,
      rootCrlFile: path,
      rootCrlMayLack: new Set<string>(),
    };
    const { signers } = world.issuanceDeps;
    const rootCertificate = world.hierarchy.issuers.root.certificatePem;
    writeFileSync(
      path,
      crl({
        number: 30n,
        revoked: [{ serial: world.hierarchy.serials['issuing-rsa'], revokedAt: new Date(Date.now() - 2 * HOUR), reason: 'cACompromise' }],
      }),
    );
    const loops = startCrlLoops({ config: { ...config, rootCertificate }, db: world.asRole('cs_issuer'), signers, log });
    const [file, cas] = loops.checks;
    await until(async () => (await file?.check())?.ok === true, 'the file is taken over');
    expect(await cas?.check()).toEqual({
      ok: false,
      detail: expect.stringContaining('the root CRL revokes issuing-rsa: nothing is issued'),
    });
    await loops.stop();
    expect(next()).toContainEqual(['error', expect.stringContaining('the root CRL revokes issuing-rsa')]);
  });
});

describe('the CRLs of the issuing CAs', () => {
  const renew = (signers = world.issuanceDeps.signers) =>
    renewCrls({
      db: world.asRole('cs_issuer'),
      log: logLines().log,
      signers,
      maxAgeSeconds: 3_600,
      lifeSeconds: 86_400,
      backdateSeconds: 300,
    });
  const numberOf = async (id: string) => (await world.db.issuer.findUniqueOrThrow({ where: { id } })).crlNumber;

  it('go on whatever the root CRL file holds', async () => {
    await renew();
    writeFileSync(path, 'see the wiki');
    const before = await numberOf('issuing-ec');
    const { id } = await rowIn(world, 'awaiting-ack');
    await endEnrollment(world.db, { id, state: 'cancelled', code: 'cancelled', actor: 'test' });
    await watch().look();
    await renew();
    expect(await numberOf('issuing-ec')).toBe(before + 1n);
  });

  it('go on for one CA when the other one cannot sign; the turn fails with the reason', async () => {
    const rsa = testSigner(world.hierarchy, 'issuing-rsa');
    const broken = new Map([...world.issuanceDeps.signers, ['issuing-rsa' as const, { ...rsa, sign: () => new Uint8Array(384) }]]);
    const before = await numberOf('issuing-ec');
    await world.db.issuer.updateMany({ data: { crlDueAt: new Date() } });
    await expect(renew(broken)).rejects.toThrowError('does not verify');
    expect(await numberOf('issuing-ec')).toBe(before + 1n);
  });

  it('that are due for more than a minute make the process unready, with issuer and time', async () => {
    await renew();
    expect(await crlsInForce(world.db)).toEqual({ ok: true });
    const due = (seconds: number) =>
      world.db.$executeRaw`UPDATE issuer SET crl_due_at = clock_timestamp() - make_interval(secs => ${seconds}) WHERE id = 'issuing-ec'`;
    await due(50);
    expect(await crlsInForce(world.db)).toEqual({ ok: true });
    await due(61);
    expect(await crlsInForce(world.db)).toEqual({
      ok: false,
      detail: expect.stringMatching(/^the CRL of issuing-ec has been due since \d{4}-.*: what was revoked/),
    });
    await renew();
    expect(await crlsInForce(world.db)).toEqual({ ok: true });
  });
});
