import { spawn } from 'node:child_process';
import { createPrivateKey, createPublicKey, verify, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { readVectors } from '../../conformance/vectors-file.ts';
import type { CardCredentials } from '../../sdk/card/card-content.ts';
import { storeOf, VirtualCard } from '../../sdk/card/virtual-card.ts';
import { storedKey } from '../../sdk/csr/user-key.ts';
import { journal } from './test-journal.ts';

const deviceSecret = Buffer.alloc(32, 7);
let directory = '';

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'cs-card-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function open(secret = deviceSecret): Promise<VirtualCard> {
  return VirtualCard.open({ directory, deviceSecret: secret });
}

function credentials(which: 0 | 1): CardCredentials {
  const vectors = readVectors();
  const [csr, credential] = [vectors.csrs[which], vectors.credentials[which]];
  if (csr === undefined || credential === undefined) throw new Error('the vectors are incomplete');
  return {
    enrollmentId: vectors.enrollment.enrollmentId,
    userKey: storedKey(createPrivateKey(csr.privateKey)),
    sdkKey: storedKey(createPrivateKey(credential.sdkPrivateKey)),
    userCertificate: credential.userCertificate,
    sdkCertificate: credential.sdkCertificate,
    userChain: credential.chain,
    sdkChain: credential.chain,
    sealedSha256: credential.jwe.sha256,
    deliveryKid: vectors.deliveryKey.kid,
    receipt: vectors.receipt.jws,
    receiptVerified: true,
  };
}

test('a new card is empty, refuses to sign, and becomes a file only with the first change', async () => {
  const card = await open();
  expect(card.state).toEqual({ enrolled: false, enrollmentId: undefined, unfinishedEnrollmentId: undefined });
  expect(card.certificates()).toBeUndefined();
  expect(() => card.sign(Buffer.from('x'))).toThrow(expect.objectContaining({ code: 'card_empty' }));
  expect(() => card.tlsClientIdentity()).toThrow(expect.objectContaining({ code: 'card_empty' }));
  expect(readdirSync(directory)).toEqual([]);
});

test('what was stored is there when the card is opened again, and nobody else on the machine may read the file', async () => {
  await storeOf(await open()).change(() => ({ credentials: credentials(0), journal }));
  const again = await open();
  expect(storeOf(again).content).toEqual({ credentials: credentials(0), journal });
  expect(again.state.unfinishedEnrollmentId).toBe(journal.enrollmentId);
  expect(readdirSync(directory)).toEqual(['card.json']);
  expect(statSync(join(directory, 'card.json')).mode & 0o777).toBe(0o600);
});

test('no secret stands in the file in clear', async () => {
  await storeOf(await open()).change(() => ({ credentials: credentials(0), journal }));
  const text = readFileSync(join(directory, 'card.json'), 'utf8');
  for (const secret of ['in-the-clear', credentials(0).userKey, credentials(0).sdkKey, 'BEGIN']) expect(text).not.toContain(secret);
});

test('another device secret is refused as such, a changed file as damaged, a newer version as unknown', async () => {
  await storeOf(await open()).change(() => ({ credentials: undefined, journal }));
  await expect(open(Buffer.alloc(32, 8))).rejects.toMatchObject({ code: 'card_wrong_secret' });
  await expect(open(Buffer.alloc(31))).rejects.toMatchObject({ code: 'configuration' });
  const file = join(directory, 'card.json');
  const good: Record<string, unknown> = JSON.parse(readFileSync(file, 'utf8'));
  const rewrite = (change: object) => writeFileSync(file, JSON.stringify({ ...good, ...change }));
  const sealed = Buffer.from(String(good.sealed), 'base64url');
  sealed[40] = (sealed[40] ?? 0) ^ 1;
  rewrite({ sealed: sealed.toString('base64url') });
  await expect(open()).rejects.toMatchObject({ code: 'card_damaged' });
  rewrite({ version: 2 });
  await expect(open()).rejects.toMatchObject({ code: 'card_version' });
  writeFileSync(file, '{"version":1');
  await expect(open()).rejects.toMatchObject({ code: 'card_damaged' });
});

test('a write that a crash cut off leaves the card as it was before', async () => {
  await storeOf(await open()).change(() => ({ credentials: undefined, journal }));
  writeFileSync(join(directory, 'card.json.unfinished'), '{"version":1,"sal');
  expect((await open()).state.unfinishedEnrollmentId).toBe(journal.enrollmentId);
  expect(readdirSync(directory)).toEqual(['card.json']);
});

describe.skipIf(process.geteuid === undefined)('a card that others could reach is refused, and nothing is read or written:', () => {
  const unsafe = { code: 'card_unsafe' };
  const saved = async () => storeOf(await open()).change(() => ({ credentials: undefined, journal }));

  test('a folder that others may enter', async () => {
    chmodSync(directory, 0o755);
    await expect(open()).rejects.toMatchObject(unsafe);
    expect(readdirSync(directory)).toEqual([]);
  });

  test('a card file that others may read', async () => {
    await saved();
    chmodSync(join(directory, 'card.json'), 0o644);
    await expect(open()).rejects.toMatchObject(unsafe);
  });

  test('a link in the place of the folder, of the card, and of the unfinished card', async () => {
    const elsewhere = mkdtempSync(join(tmpdir(), 'cs-card-elsewhere-'));
    onTestFinished(() => rmSync(elsewhere, { recursive: true, force: true }));
    symlinkSync(directory, join(elsewhere, 'folder'));
    await expect(VirtualCard.open({ directory: join(elsewhere, 'folder'), deviceSecret })).rejects.toMatchObject(unsafe);
    await saved();
    renameSync(join(directory, 'card.json'), join(elsewhere, 'card.json'));
    symlinkSync(join(elsewhere, 'card.json'), join(directory, 'card.json'));
    await expect(open()).rejects.toMatchObject(unsafe);
    rmSync(join(directory, 'card.json'));
    const card = storeOf(await open());
    writeFileSync(join(elsewhere, 'target'), 'as it was');
    symlinkSync(join(elsewhere, 'target'), join(directory, 'card.json.unfinished'));
    await expect(card.change(() => ({ credentials: undefined, journal }))).rejects.toMatchObject(unsafe);
    await expect(open()).rejects.toMatchObject(unsafe);
    expect(readFileSync(join(elsewhere, 'target'), 'utf8')).toBe('as it was');
  });

  test.skipIf(process.geteuid?.() !== 0)('a folder or a card of another user', async () => {
    await saved();
    chownSync(join(directory, 'card.json'), 65_534, 65_534);
    await expect(open()).rejects.toMatchObject(unsafe);
    chownSync(directory, 65_534, 65_534);
    await expect(open()).rejects.toMatchObject(unsafe);
  });
});

test('a process killed in the middle of its writes leaves a whole card, ten times in a row', { timeout: 60_000 }, async () => {
  for (let round = 0; round < 10; round++) {
    const writer = spawn(process.execPath, ['--import', 'tsx', new URL('./card-writer.ts', import.meta.url).pathname, directory]);
    await once(writer.stdout, 'data');
    await sleep(7 + round * 3);
    writer.kill('SIGKILL');
    await once(writer, 'exit');
    const { submission = '' } = storeOf(await open()).journal;
    expect(submission.length).toBeGreaterThanOrEqual(40_000);
    expect(new Set(submission.trim().split(' ')).size).toBe(1);
  }
});

test('changes that are made at once all arrive: none overwrites another', async () => {
  const store = storeOf(await open());
  await store.change(() => ({ credentials: undefined, journal }));
  await Promise.all([store.note({ userKey: 'a' }), store.note({ deliveryKey: 'b' }), store.note({ submission: 'c' })]);
  expect(storeOf(await open()).journal).toMatchObject({ userKey: 'a', deliveryKey: 'b', submission: 'c' });
});

test.each([0, 1] as const)('the card signs with both keys so that the certificates verify it (key family %i)', async (which) => {
  const card = await open();
  await storeOf(card).change(() => ({ credentials: credentials(which), journal: undefined }));
  const data = Buffer.from('a document');
  const certificates = card.certificates();
  const user = new X509Certificate(certificates?.user ?? '').publicKey;
  const sdk = new X509Certificate(certificates?.sdk ?? '').publicKey;
  expect(verify('sha256', data, user, card.sign(data))).toBe(true);
  expect(verify('sha256', data, sdk, card.sign(data, 'sdk'))).toBe(true);
  expect(verify('sha256', data, { key: user, dsaEncoding: 'ieee-p1363' }, card.sign(data, 'user', 'jose'))).toBe(true);
  expect(verify('sha256', data, sdk, card.sign(data, 'user'))).toBe(false);
});

test('the TLS identity is the SDK key with its certificate and the issuing CA, without the root; the user key never leaves', async () => {
  const card = await open();
  await storeOf(card).change(() => ({ credentials: credentials(0), journal: undefined }));
  const { cert, key } = card.tlsClientIdentity();
  const blocks = cert.split(/(?<=-----END CERTIFICATE-----\n)/).map((pem) => new X509Certificate(pem));
  expect(blocks).toHaveLength(2);
  expect(blocks[0]?.checkPrivateKey(createPrivateKey(key))).toBe(true);
  expect(blocks[0]?.checkIssued(blocks[1] ?? new X509Certificate(''))).toBe(true);
  const userKey = createPublicKey(createPrivateKey({ key: Buffer.from(credentials(0).userKey, 'base64'), format: 'der', type: 'pkcs8' }));
  expect(createPublicKey(key).equals(userKey)).toBe(false);
  expect(JSON.stringify(card)).toBe('{}');
});

test('a destroyed card is empty, on the disk as well', async () => {
  const card = await open();
  await storeOf(card).change(() => ({ credentials: credentials(0), journal }));
  await card.destroy();
  expect(readdirSync(directory)).toEqual([]);
  expect(card.state.enrolled).toBe(false);
});
