import { describe, expect, test } from 'vitest';
import { toSerialHex } from '../../../contract/ids.ts';
import { type NextEntries, nextRootEntries } from '../../../core/pki/next-root-entries.ts';
import type { ListedEntry } from '../../../core/pki/read-crl-entries.ts';

const NOW = new Date('2026-06-01T00:00:00Z');
const THIS_UPDATE = new Date('2026-05-31T23:55:00Z');
const BEFORE = new Date('2026-04-01T00:00:00Z');
const EC = toSerialHex('4f000000000000000000000000abcdef');
const RSA = toSerialHex('5f000000000000000000000000abcdef');
const STRAY = '40000000000000000000000000000001';
const notBefore = new Date('2026-01-01T00:00:00Z');
const notAfter = new Date('2036-01-01T00:00:00Z');
const issued = [
  { id: 'issuing-ec', serial: EC, notBefore, notAfter },
  { id: 'issuing-rsa', serial: RSA, notBefore, notAfter },
];
const old = { serial: EC, revokedAt: new Date('2026-03-01T12:00:00Z'), reason: 'cessationOfOperation' };

function next(changes: Partial<NextEntries> = {}, entries: readonly ListedEntry[] = [old]) {
  const order = {
    before: { entries, thisUpdate: BEFORE },
    issued,
    now: NOW,
    thisUpdate: THIS_UPDATE,
    revoke: [],
    reason: undefined,
    unlist: [],
  };
  return nextRootEntries({ ...order, ...changes });
}

describe('the next root CRL', () => {
  test('keeps the entries of the one before, with date and reason', () => {
    expect(next()).toEqual([old]);
  });

  test.each([
    'issuing-rsa',
    RSA,
    RSA.toUpperCase(),
    `serial=${RSA.toUpperCase()}`,
    RSA.toUpperCase().replaceAll(/..(?=.)/g, '$&:'),
    `0x${RSA}`,
  ])('adds %s', (name) => {
    expect(next({ revoke: [name], reason: 'cACompromise' })).toEqual([
      old,
      { serial: RSA, revokedAt: THIS_UPDATE, reason: 'cACompromise' },
    ]);
  });

  test('dates a new entry not before the certificate, and not after the CRL', () => {
    const young = new Date('2026-05-31T23:58:00Z');
    const order = (thisUpdate: Date) =>
      next(
        {
          issued: [{ id: 'issuing-ec', serial: EC, notBefore: young, notAfter }],
          revoke: ['issuing-ec'],
          reason: 'superseded',
          thisUpdate,
        },
        [],
      );
    expect(order(NOW)).toMatchObject([{ revokedAt: young }]);
    expect(order(THIS_UPDATE)).toMatchObject([{ revokedAt: THIS_UPDATE }]);
  });

  test('drops an entry only when a CRL from after the end of its certificate has listed it (RFC 5280 §3.3)', () => {
    const ended = (at: Date) => [{ id: 'issuing-ec', serial: EC, notBefore, notAfter: at }];
    expect(next({ issued: ended(new Date(BEFORE.getTime() - 1)) })).toEqual([]);
    expect(next({ issued: ended(BEFORE) })).toEqual([old]);
    expect(next({ issued: ended(new Date('2026-05-01T00:00:00Z')) })).toEqual([old]);
  });

  test('keeps an entry of a certificate that is not in the folder any more', () => {
    expect(next({ issued: [] })).toEqual([old]);
  });

  test('a repeated revocation changes nothing; a compromise replaces the reason and keeps the date', () => {
    expect(next({ revoke: ['issuing-ec'], reason: 'cessationOfOperation' })).toEqual([old]);
    expect(next({ revoke: ['issuing-ec'], reason: 'cACompromise' })).toEqual([{ ...old, reason: 'cACompromise' }]);
  });

  test('loses an entry when somebody says so, whatever it is', () => {
    const stray = { ...old, serial: toSerialHex(STRAY) };
    expect(next({ unlist: [STRAY] }, [old, stray])).toEqual([old]);
    expect(next({ unlist: ['issuing-ec'] }, [old, stray])).toEqual([stray]);
  });

  test.each<[string, Partial<NextEntries>, string]>([
    [
      'a serial that is nobody’s',
      { revoke: [STRAY], reason: 'superseded' },
      `${STRAY} is no certificate of this root. It issued: issuing-ec (${EC})`,
    ],
    ['a name that is nobody’s', { revoke: ['issuing-dsa'], reason: 'superseded' }, 'issuing-dsa is no certificate of this root'],
    ['the root itself', { revoke: ['root'], reason: 'superseded' }, 'root is no certificate of this root'],
    ['no reason', { revoke: ['issuing-rsa'] }, 'Say why issuing-rsa is revoked: --reason cACompromise'],
    ['a weaker reason', { revoke: ['issuing-ec'], reason: 'superseded' }, 'revoked already, for cessationOfOperation'],
    ['taking out what is not there', { unlist: ['issuing-rsa'] }, `issuing-rsa is not in the CRL before, which lists ${EC}`],
  ])('is not made for %s', (_, order, sentence) => {
    expect(() => next(order)).toThrowError(sentence);
  });

  test('is not made over entries of another’s form', () => {
    expect(() => next({}, [{ ...old, serial: '01' }])).toThrowError('lists 01');
    const foreign = { id: 'issuing-old', serial: '01', notBefore, notAfter };
    expect(() => next({ issued: [...issued, foreign], revoke: ['issuing-old'], reason: 'cACompromise' })).toThrowError(
      'issuing-old has the serial 01',
    );
  });
});
