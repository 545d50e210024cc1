import { describe, expect, test } from 'vitest';
import { toSerialHex } from '../../../contract/ids.ts';
import { buildCrl, type RevokedEntry } from '../../../core/pki/build-crl.ts';
import { judgeRootCrl, type RootCrlContext } from '../../../core/pki/judge-root-crl.ts';
import { readCrl } from '../../../core/pki/read-crl.ts';
import { readCrlEntries } from '../../../core/pki/read-crl-entries.ts';
import { GOLDEN_NOW as NOW, pem, testHierarchy, testSigner } from './test-hierarchy.ts';

const hierarchy = testHierarchy();
const root = testSigner(hierarchy, 'root');
const ec = toSerialHex(hierarchy.serials['issuing-ec']);
const rsa = toSerialHex(hierarchy.serials['issuing-rsa']);
const days = (count: number) => new Date(NOW.getTime() + count * 86_400_000);
const entry = (serial = ec, reason = 'cACompromise'): RevokedEntry => ({ serial, revokedAt: days(-20), reason });

interface Made {
  number?: bigint;
  from?: Date;
  until?: Date;
  revoked?: readonly RevokedEntry[];
}

function crl({ number = 5n, from = days(-1), until = days(89), revoked = [] }: Made = {}): Uint8Array {
  return buildCrl({ signer: root, number, thisUpdate: from, nextUpdate: until, revoked });
}

function judge(content: Uint8Array, changes: Partial<RootCrlContext> = {}) {
  const context = { root: root.certificateDer, stored: undefined, now: NOW, expiries: new Map(), mayLack: new Set<string>() };
  return judgeRootCrl(content, { ...context, ...changes });
}

const inForce = crl({ number: 4n, revoked: [entry()] });

describe('a root CRL file is taken over', () => {
  test('as DER and as PEM, when its number is higher and nothing is lost', () => {
    const newer = crl({ revoked: [entry(), entry(rsa, 'superseded')] });
    for (const content of [
      newer,
      Buffer.from(pem('X509 CRL', newer)),
      Buffer.from(`\n${pem('X509 CRL', newer).replaceAll('\n', '\r\n')} \n`),
    ]) {
      const verdict = judge(content, { stored: inForce });
      expect(verdict).toMatchObject({ is: 'newer', crl: { number: 5n, lacks: [], entries: [{ serial: ec }, { serial: rsa }] } });
      expect(verdict.is === 'newer' && Buffer.from(verdict.crl.der).equals(newer)).toBe(true);
    }
  });

  test('as the first one', () => {
    expect(judge(crl())).toMatchObject({ is: 'newer' });
  });

  test('without an entry whose certificate has expired', () => {
    expect(judge(crl(), { stored: inForce, expiries: new Map([[ec, days(-2)]]) })).toMatchObject({ is: 'newer', crl: { lacks: [] } });
  });

  test('without an entry that somebody decided to take out, and says so', () => {
    expect(judge(crl(), { stored: inForce, mayLack: new Set([ec]) })).toMatchObject({ is: 'newer', crl: { lacks: [ec] } });
  });
});

test('the file that holds the CRL in force is known, as PEM too', () => {
  expect(judge(inForce, { stored: inForce })).toEqual({ is: 'known' });
  expect(judge(Buffer.from(pem('X509 CRL', inForce)), { stored: inForce })).toEqual({ is: 'known' });
});

describe('a root CRL file changes nothing', () => {
  const good = crl({ revoked: [entry()] });
  const changed = Uint8Array.from(good);
  changed[changed.length - 1] = (changed.at(-1) ?? 0) ^ 1;
  const issuing = buildCrl({ signer: testSigner(hierarchy, 'issuing-ec'), number: 9n, thisUpdate: NOW, nextUpdate: days(1), revoked: [] });

  test.each<[string, Uint8Array, string]>([
    ['empty', new Uint8Array(), 'It is empty.'],
    ['white space', Buffer.from('\n \n'), 'It holds white space only.'],
    ['its first 300 octets', good.subarray(0, 300), 'It is no CRL of this root: a length that runs past'],
    ['followed by something', Buffer.concat([good, Uint8Array.of(0)]), 'It is no CRL of this root: not one value'],
    ['PEM of half of it', Buffer.from(pem('X509 CRL', good.subarray(0, 300))), 'It is no CRL of this root: a length that runs past'],
    ['PEM that was cut off', Buffer.from(pem('X509 CRL', good)).subarray(0, 300), 'It holds a PEM block without its END line'],
    ['PEM of a certificate', Buffer.from(hierarchy.issuers.root.certificatePem), 'It holds a PEM block CERTIFICATE, not X509 CRL.'],
    ['a certificate', root.certificateDer, 'It is no CRL of this root: '],
    ['PEM of two CRLs', Buffer.from(pem('X509 CRL', good).repeat(2)), 'It holds 2 PEM blocks; one is wanted.'],
    ['words', Buffer.from('see the wiki'), 'It is neither DER nor PEM.'],
    ['of an issuing CA', issuing, 'It is no CRL of this root: The CRL names another issuer.'],
    ['with another signature', changed, 'It is no CRL of this root: The signature of the CRL does not verify.'],
    ['too large', Buffer.alloc(1_048_577, 0x30), 'It has more than 1048576 octets.'],
    ['with a number of more than 64 bits', crl({ number: 1n << 64n }), 'It is no CRL of this root: its number 18446744073709551616'],
  ])('%s: unusable', (_, content, fault) => {
    expect(judge(content, { stored: inForce })).toEqual({
      is: 'refused',
      refusal: { kind: 'unusable', fault: expect.stringContaining(fault), repair: expect.stringContaining('Copy pki/root.crl again') },
    });
  });

  test.each<[string, string, Uint8Array, string]>([
    ['older', 'older', crl({ number: 3n, revoked: [entry()] }), 'Its number is 3; number 4 is in force.'],
    [
      'another one under the same number',
      'renumbered',
      crl({ number: 4n, revoked: [entry(), entry(rsa)] }),
      'Another CRL with its number 4',
    ],
    ['run out', 'expired', crl({ until: NOW, revoked: [entry()] }), 'It ran out at 2026-01-15T10:30:00.000Z'],
    [
      'early, by a second',
      'early',
      crl({ from: new Date(NOW.getTime() + 1_500), revoked: [entry()] }),
      'It is in force from 2026-01-15T10:30:02',
    ],
    ['incomplete', 'incomplete', crl({ revoked: [entry(rsa)] }), `It no longer lists ${ec}`],
    ['incomplete: the whole list is gone', 'incomplete', crl(), `It no longer lists ${ec}`],
  ])('%s', (_, kind, content, fault) => {
    const verdict = judge(content, { stored: inForce, expiries: new Map([[ec, days(3_000)]]) });
    expect(verdict).toEqual({
      is: 'refused',
      refusal: { kind, fault: expect.stringContaining(fault), repair: expect.stringMatching(/\w/) },
    });
  });

  test.each<[string, Uint8Array]>([
    ['half a CRL', inForce.subarray(0, 300)],
    ['something else', Buffer.from('lost')],
  ])('when the one in force, in the database, is %s: that is said, not that the file is bad', (_, stored) => {
    expect(judge(good, { stored })).toEqual({
      is: 'refused',
      refusal: {
        kind: 'stored',
        fault: expect.stringMatching(/^Not this file is at fault: the root CRL in force, which the database holds, cannot be read \(.+\)/),
        repair: expect.stringContaining("the row 'root' in the table issuer from a backup"),
      },
    });
    expect(judge(Buffer.from('see the wiki'), { stored })).toMatchObject({ refusal: { kind: 'unusable' } });
  });

  test('a lost entry says when its certificate expires, or that nobody here knows it', () => {
    const fault = (expiries: RootCrlContext['expiries']) => judge(crl(), { stored: inForce, expiries });
    expect(fault(new Map([[ec, days(3)]]))).toMatchObject({
      refusal: { fault: expect.stringContaining(`${ec} (expires 2026-01-18T10:30:00.500Z)`) },
    });
    expect(fault(new Map())).toMatchObject({
      refusal: { fault: expect.stringContaining('perhaps expired'), repair: expect.stringContaining('has expired: CS_ROOT_CRL_MAY_LACK') },
    });
  });

  test('early or run out, even as the first one', () => {
    expect(judge(crl({ from: days(0.1) }))).toMatchObject({ refusal: { kind: 'early' } });
    expect(judge(crl({ until: days(-0.1) }))).toMatchObject({ refusal: { kind: 'expired' } });
  });

  test('the early one is taken over when its time has come', () => {
    const early = crl({ from: days(1), revoked: [entry()] });
    expect(judge(early, { stored: inForce })).toMatchObject({ refusal: { kind: 'early' } });
    expect(judge(early, { stored: inForce, now: days(1) })).toMatchObject({ is: 'newer' });
  });
});

describe('entries are read', () => {
  const reasons = ['keyCompromise', 'cACompromise', 'superseded', 'certificateHold', 'unspecified'];
  const entries = reasons.map((reason, i) => ({ serial: toSerialHex(`4${String(i).padStart(31, '0')}`), revokedAt: days(-i - 1), reason }));

  test('with serial, whole second and reason', () => {
    const found = readCrlEntries(readCrl(crl({ revoked: entries })).revoked);
    expect(found.map(({ serial, reason }) => [serial, reason])).toEqual(entries.map(({ serial, reason }) => [serial, reason]));
    expect(found.map(({ revokedAt }) => revokedAt.getTime())).toEqual(
      entries.map((one) => Math.floor(one.revokedAt.getTime() / 1_000) * 1_000),
    );
  });

  test('removeFromCRL, which OpenSSL takes as good, is refused', () => {
    const list = Buffer.from(readCrl(crl({ revoked: [entry()] })).revoked ?? []);
    const at = list.indexOf(Buffer.from('0603551d1504030a0102', 'hex'));
    expect(at).toBeGreaterThan(0);
    list[at + 9] = 8;
    expect(() => readCrlEntries(list)).toThrowError('a full CRL must not have');
  });
});
