import { execFileSync, spawnSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { signEvidence } from '../../core/evidence/evidence-jws.ts';
import { type EvidenceKey, openEvidenceKey, publicEvidenceJwk } from '../../core/evidence/evidence-key.ts';
import { signReceipt } from '../../core/evidence/sign-receipt.ts';
import { ROOT } from '../architecture/source-files.ts';

/** The command of docs/receipts.md, as it stands there. */
const [, command = ''] = /runs exactly this -->\n```sh\n([\s\S]+?)```/.exec(readFileSync(join(ROOT, 'docs/receipts.md'), 'utf8')) ?? [];

const newKey = (): EvidenceKey =>
  openEvidenceKey(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
const [old, present] = [newKey(), newKey()];
const jwks = { keys: [publicEvidenceJwk(present), publicEvidenceJwk(old)] };
const at = new Date('2026-12-01T12:00:00.000Z');
const facts = {
  enrollmentId: '5f6c1f6a-95f0-4d4c-8a0f-0a4a5f5b8f10',
  spkiSha256: 'spki',
  deliveryKid: 'kid',
  sealedSha256: 'sealed',
  madeAt: at,
  sealedAt: at,
  firstDeliveredAt: at,
  erasedAt: at,
  plainGoneBy: at,
  deliveries: 1,
};

function documented(receipt: string, keys: object = jwks): { status: number | null; output: string } {
  const cwd = mkdtempSync(join(tmpdir(), 'cs-receipt-'));
  writeFileSync(join(cwd, 'receipt.jws'), `${receipt}\n`);
  writeFileSync(join(cwd, 'jwks.json'), JSON.stringify(keys));
  const { status, stdout, stderr } = spawnSync('sh', ['-c', command], { cwd, encoding: 'utf8' });
  return { status, output: stdout + stderr };
}

describe('the documented command', () => {
  it('is there, and OpenSSL is', () => {
    expect(command).toContain('openssl dgst -sha256 -verify');
    expect(execFileSync('openssl', ['version'], { encoding: 'utf8' })).toMatch(/^OpenSSL/);
  });

  it('verifies a receipt, also one by an old key after the rotation', async () => {
    for (const key of [present, old]) {
      const { status, output } = documented(await signReceipt(facts, key));
      expect({ status, output }).toEqual({ status: 0, output: expect.stringContaining('Verified OK') });
      expect(output).toContain(facts.enrollmentId);
    }
  });

  it('verifies every signature, whatever leading zeros and high bits r and s have', async () => {
    for (let tried = 0; tried < 12; tried += 1) expect(documented(await signReceipt(facts, present)).output).toContain('Verified OK');
    const withZero = await untilFirstOctetIs(0, 3_000);
    expect(documented(withZero).output).toContain('Verified OK');
  });

  it('verifies a timeline and a checkpoint as well', async () => {
    expect(documented(await signEvidence('cs-timeline+jws', '{"timeline":{}}', present)).output).toContain('Verified OK');
    expect(documented(await signEvidence('cs-audit-checkpoint+jws', '{"seq":1}', old)).output).toContain('Verified OK');
  });

  it('refuses a changed claim, a stranger’s signature, and a key that is not published', async () => {
    const receipt = await signReceipt(facts, present);
    const [head, body = '', signature] = receipt.split('.');
    const changed = Buffer.from(Buffer.from(body, 'base64url').toString().replace('"deliveries":1', '"deliveries":2')).toString(
      'base64url',
    );
    const bad = documented([head, changed, signature].join('.'));
    expect(bad.status).not.toBe(0);
    expect(bad.output).toContain('Verification failure');
    const stranger = newKey();
    const forged = await signReceipt(facts, { kid: present.kid, privateKey: stranger.privateKey });
    expect(documented(forged).output).toContain('Verification failure');
    expect(documented(await signReceipt(facts, stranger)).output).toContain('not ES256 by a published key');
    expect(documented(receipt, { keys: [publicEvidenceJwk(old)] }).status).not.toBe(0);
  });
});

/** One in 256 signatures has an r that begins with a zero octet. */
async function untilFirstOctetIs(octet: number, most: number): Promise<string> {
  for (let tried = 0; tried < most; tried += 1) {
    const receipt = await signReceipt(facts, present);
    if (Buffer.from(receipt.split('.')[2] ?? '', 'base64url')[0] === octet) return receipt;
  }
  throw new Error(`no signature with ${octet} in front among ${most}`);
}
