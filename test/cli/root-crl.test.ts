import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { type RootCrlOrder, signRootCrl } from '../../cli/ca/sign-root-crl.ts';
import { writeHierarchy } from '../../cli/commands/ca.ts';
import { buildCrl } from '../../core/pki/build-crl.ts';
import { judgeRootCrl } from '../../core/pki/judge-root-crl.ts';
import { testCa } from '../api-real/stand/test-pki.ts';
import { GOLDEN_NOW, pem, run, TEST_PASSPHRASE, testHierarchy, testSigner } from '../core/pki/test-hierarchy.ts';

const hierarchy = testHierarchy();
const later = (days: number) => new Date(GOLDEN_NOW.getTime() + days * 86_400_000);
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cs-ca-'));
  writeHierarchy(folder, hierarchy);
});
const file = (name: string) => join(folder, name);
const order = (changes: Partial<RootCrlOrder> = {}) =>
  signRootCrl({ folder, passphrase: TEST_PASSPHRASE, now: later(60), revoke: [], reason: undefined, unlist: [], ...changes });
const openssl = () =>
  run('openssl', 'crl', '-inform', 'DER', '-in', file('root.crl'), '-noout', '-text', '-verify', '-CAfile', file('root.crt.pem')).output;

describe('cs ca root-crl', () => {
  it('keeps a revoked issuing CA in every CRL that follows, with date and reason', () => {
    order({ now: later(1), revoke: ['issuing-ec'], reason: 'cACompromise' });
    const first = openssl();
    expect(first).toContain('verify OK');
    expect(first).toMatch(
      /Serial Number: 40000000000000000000000000000003\s+Revocation Date: Jan 16 10:25:00 2026 GMT[\s\S]*CA Compromise/,
    );
    expect(order({ now: later(61) })).toMatchObject({
      number: 3n,
      entries: [{ reason: 'cACompromise', revokedAt: new Date('2026-01-16T10:25:00Z') }],
      remarks: [],
    });
    expect(openssl()).toMatch(
      /Serial Number: 40000000000000000000000000000003\s+Revocation Date: Jan 16 10:25:00 2026 GMT[\s\S]*CA Compromise/,
    );
  });

  it('signs what the issuance process takes over', () => {
    order({ now: later(1), revoke: ['issuing-ec'], reason: 'cACompromise' });
    const stored = readFileSync(file('root.crl'));
    order({ now: later(2) });
    const root = testSigner(hierarchy, 'root').certificateDer;
    const verdict = judgeRootCrl(readFileSync(file('root.crl')), { root, stored, now: later(2), expiries: new Map(), mayLack: new Set() });
    expect(verdict).toMatchObject({ is: 'newer', crl: { number: 3n } });
  });

  it('is good for clocks that are up to 300 s slow, and never from before the CRL before; 90 days count from now', () => {
    order({ now: later(1), revoke: ['issuing-ec'], reason: 'cACompromise' });
    expect(openssl()).toMatch(/Last Update: Jan 16 10:25:00 2026 GMT\s+Next Update: Apr 16 10:30:00 2026 GMT/);
    order({ now: new Date(later(1).getTime() + 60_000), revoke: ['issuing-rsa'], reason: 'superseded' });
    expect(openssl()).toMatch(/Last Update: Jan 16 10:26:00 2026 GMT\s+Next Update: Apr 16 10:31:00 2026 GMT/);
  });

  it('after a CRL that was not back-dated does not go behind it', () => {
    const thisUpdate = later(1);
    const before = { signer: testSigner(hierarchy, 'root'), number: 7n, thisUpdate, nextUpdate: later(91), revoked: [] };
    writeFileSync(file('root.crl'), buildCrl(before));
    const now = new Date(thisUpdate.getTime() + 1_000);
    expect(order({ now, revoke: ['issuing-ec'], reason: 'superseded' })).toMatchObject({
      number: 8n,
      entries: [{ revokedAt: expect.any(Date) }],
    });
    expect(openssl()).toMatch(/Last Update: Jan 16 10:30:00 2026 GMT[\s\S]*Revocation Date: Jan 16 10:25:01 2026 GMT/);
  });

  it('reads a CRL before that is PEM', () => {
    writeFileSync(file('root.crl'), pem('X509 CRL', hierarchy.rootCrl));
    expect(order()).toMatchObject({ number: 2n });
  });

  it('takes an entry out only when told to, and says what that needs', () => {
    order({ now: later(1), revoke: ['issuing-ec'], reason: 'superseded' });
    expect(order({ now: later(2), unlist: ['issuing-ec'] })).toMatchObject({
      entries: [],
      remarks: [expect.stringContaining('CS_ROOT_CRL_MAY_LACK')],
    });
  });

  it('remarks that it is late, which a clock that runs ahead looks like', () => {
    expect(order({ now: later(91) }).remarks).toEqual([expect.stringContaining('is the clock ahead?')]);
  });

  it.each<[string, () => void, Partial<RootCrlOrder>, string]>([
    ['a clock before the CRL before', () => undefined, { now: later(-1) }, "This machine's clock says 2026-01-14"],
    [
      'a clock before the signing of the CRL before, though not before its thisUpdate',
      () => undefined,
      { now: new Date(GOLDEN_NOW.getTime() - 1_000) },
      'was signed at 2026-01-15T10:30:00.000Z',
    ],
    [
      'a serial of nobody',
      () => undefined,
      { revoke: ['4000000000000000000000000000dead'], reason: 'superseded' },
      'is no certificate of this root',
    ],
    ['no reason', () => undefined, { revoke: ['issuing-ec'] }, '--reason'],
    ['a wrong passphrase', () => undefined, { passphrase: 'another passphrase' }, 'wrong passphrase'],
    ['no CRL before', () => rmSync(file('root.crl')), {}, 'ENOENT'],
    [
      'half a CRL before',
      () => writeFileSync(file('root.crl'), hierarchy.rootCrl.subarray(0, 300)),
      {},
      'root.crl: a length that runs past',
    ],
    [
      'a certificate as the CRL before',
      () => writeFileSync(file('root.crl'), hierarchy.issuers.root.certificatePem),
      {},
      'root.crl: holds a PEM block CERTIFICATE',
    ],
    [
      'half a root certificate',
      () => writeFileSync(file('root.crt.pem'), hierarchy.issuers.root.certificatePem.slice(0, 300)),
      {},
      'root.crt.pem: holds a PEM block without its END line',
    ],
  ])('%s: nothing is signed, the folder is as before', (_, prepare, changes, sentence) => {
    prepare();
    const before = read(file('root.crl'));
    expect(() => order(changes)).toThrowError(sentence);
    expect(read(file('root.crl'))).toEqual(before);
  });

  it('a certificate of another root in the folder is named', async () => {
    writeFileSync(file('issuing-x.crt.pem'), (await testCa('ANOTHER ROOT')).pem);
    expect(() => order()).toThrowError('issuing-x.crt.pem: was not issued by this root');
  });
});

function read(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch {
    return undefined;
  }
}
