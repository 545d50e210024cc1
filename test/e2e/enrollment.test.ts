import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import type { DeliveryFormat, KeyType } from '../../contract/key-types.ts';
import { VirtualCard } from '../../sdk/index.ts';
import { enrollWithTools } from './csr-tools/enroll-with-tools.ts';
import { presentToServer } from './relying-server.ts';
import { type RunningStack, runningStack } from './running-stack.ts';
import { downloadPublicFiles, gnutlsVerdict, opensslVerdict, revokedSerials } from './verifiers.ts';

describe('a device enrolls over HTTPS against the whole stack', () => {
  let stack: RunningStack;
  beforeAll(async () => {
    stack = await runningStack({ CS_SWEEP_INTERVAL_SECONDS: '1', CS_SWEEP_GRACE_SECONDS: '1', CS_CRL_INTERVAL_SECONDS: '1' });
  }, 120_000);

  const WAYS: readonly [KeyType, DeliveryFormat][] = [
    ['EC:P-256', 'jwe'],
    ['EC:P-384', 'cms'],
    ['RSA:2048', 'cms'],
  ];
  test.each(WAYS)('with %s and %s: OpenSSL and GnuTLS accept both certificates, chain and CRLs', async (keyType, deliveryFormat) => {
    const enrolled = await stack.enroll({ keyType, deliveryFormat });
    const files = await downloadPublicFiles(stack.dev);
    for (const leaf of [enrolled.userCertificate, enrolled.sdkCertificate]) {
      expect(opensslVerdict(files, leaf)).toMatchObject({ ok: true });
      expect(gnutlsVerdict(files, leaf)).toMatchObject({ ok: true });
    }
    expect(enrolled.receiptVerified).toBe(true);
    const [row] = await stack.query<{ state: string; sealed: string | null; active: number }>(
      `SELECT e.state, d.sealed, (SELECT count(*)::int FROM certificate c WHERE c.enrollment_id = e.id AND c.status = 'active') AS active
       FROM enrollment e JOIN delivery d ON d.enrollment_id = e.id WHERE e.id = $1`,
      enrolled.enrollmentId,
    );
    expect(row).toEqual({ state: 'completed', sealed: null, active: 2 });
  });

  test('a TLS server that demands a client certificate accepts the card', async () => {
    const enrolled = await stack.enroll();
    const card = await VirtualCard.open({
      directory: enrolled.cardFolder,
      deviceSecret: readFileSync(`${enrolled.cardFolder}.device-secret`),
    });
    const subject = await presentToServer(stack.dev, card);
    expect(subject).toContain('OU=SDK');
  });

  test('the second device of a user uses the same PIN, and skips it when the Token Service allows', async () => {
    await stack.enroll({ userId: 'u-two', deviceId: 'first' });
    const steps: string[] = [];
    await stack.enroll({ userId: 'u-two', deviceId: 'second', pinPolicy: 'skip-if-present', onStep: ({ step }) => steps.push(step) });
    expect(steps).not.toContain('pin-asked');
  });

  test('enrolling a device again supersedes its older certificates only after the acknowledgement', async () => {
    const older = await stack.enroll({ userId: 'u-again', deviceId: 'd-again' });
    const newer = await stack.enroll({ userId: 'u-again', deviceId: 'd-again' });
    await expect.poll(async () => crlLists(stack, older.userCertificate), { timeout: 15_000 }).toBe(true);
    expect(await crlLists(stack, newer.userCertificate)).toBe(false);
  });

  enrollWithTools(() => stack);

  test('the leaf of an enrollment that was never acknowledged is refused by OpenSSL and GnuTLS', async () => {
    const leaf = await enrolledWithoutAck(stack);
    await stack.query(`UPDATE enrollment SET stage_deadline = clock_timestamp() - interval '1 minute' WHERE id = $1`, leaf.enrollmentId);
    await expect.poll(async () => crlLists(stack, leaf.pem), { timeout: 30_000 }).toBe(true);
    const files = await downloadPublicFiles(stack.dev);
    expect(opensslVerdict(files, leaf.pem)).toMatchObject({ ok: false, said: expect.stringContaining('revoked') });
    expect(gnutlsVerdict(files, leaf.pem)).toMatchObject({ ok: false, said: expect.stringContaining('revoked') });
  });
});

/** Stops the device right before it acknowledges. */
async function enrolledWithoutAck(stack: RunningStack): Promise<{ enrollmentId: string; pem: string }> {
  let enrollmentId = '';
  const stop = new Error('the phone was thrown into the lake');
  await expect(
    stack.enroll({
      userId: 'u-lake',
      deviceId: 'd-lake',
      onRegistered: (id) => {
        enrollmentId = id;
      },
      onStep: ({ step }) => {
        if (step === 'credentials-stored') throw stop;
      },
    }),
  ).rejects.toThrow(stop);
  const [row] = await stack.query<{ der: Buffer }>(`SELECT der FROM certificate WHERE enrollment_id = $1 AND kind = 'user'`, enrollmentId);
  if (row === undefined) throw new Error('nothing was issued');
  return { enrollmentId, pem: new X509Certificate(row.der).toString() };
}

async function crlLists({ dev }: RunningStack, pem: string): Promise<boolean> {
  return (await revokedSerials(dev, 'issuing-ec')).includes(new X509Certificate(pem).serialNumber.toUpperCase());
}
