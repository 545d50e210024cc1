import { describe, expect, test } from 'vitest';
import { buildCrl } from '../../../core/pki/build-crl.ts';
import { listedDates } from '../../../core/pki/listed-dates.ts';
import { readCrl } from '../../../core/pki/read-crl.ts';
import { readCrlEntries } from '../../../core/pki/read-crl-entries.ts';
import { revocationDateOf } from '../../../core/pki/revocation-date-of.ts';
import { newSerial } from '../../../core/pki/serial-number.ts';
import { thisUpdateOf } from '../../../core/pki/this-update-of.ts';
import { testHierarchy, testSigner } from './test-hierarchy.ts';

/** Seconds after an hour. */
const at = (seconds: number) => new Date(Date.parse('2026-06-01T12:00:00Z') + seconds * 1_000);
const long = at(-86_400);

describe('thisUpdate', () => {
  test.each<[string, Parameters<typeof thisUpdateOf>[0], Date]>([
    ['is back-dated', { now: at(0.9), backdateSeconds: 300, notBefore: long, before: undefined }, at(-300)],
    ['may be the moment of signing', { now: at(0.9), backdateSeconds: 0, notBefore: long, before: at(-5) }, at(0)],
    ['is not before the CRL before', { now: at(0), backdateSeconds: 300, notBefore: long, before: at(-5) }, at(-5)],
    ['is not before the issuer', { now: at(0), backdateSeconds: 300, notBefore: at(-60), before: undefined }, at(-60)],
    ['is not bound by a CRL from the future', { now: at(0), backdateSeconds: 300, notBefore: long, before: at(1) }, at(-300)],
  ])('%s', (_, moment, expected) => {
    expect(thisUpdateOf(moment)).toEqual(expected);
  });
});

describe('revocationDate', () => {
  const crl = { thisUpdate: at(-300), backdateSeconds: 300 };
  test.each<[string, Parameters<typeof revocationDateOf>[0], Date]>([
    ['is back-dated', { revokedAt: at(-4.5), notBefore: long, listed: undefined }, at(-305)],
    ['is not before the certificate', { revokedAt: at(-4.5), notBefore: at(-302), listed: undefined }, at(-302)],
    ['is back-dated when nothing is known of the certificate', { revokedAt: at(-5), notBefore: undefined, listed: undefined }, at(-305)],
    ['stays as it was listed', { revokedAt: at(-900), notBefore: long, listed: at(-900) }, at(-900)],
    ['is never after thisUpdate', { revokedAt: at(0), notBefore: at(-10), listed: undefined }, at(-300)],
    ['is never after thisUpdate, listed or not', { revokedAt: at(0), notBefore: long, listed: at(-10) }, at(-300)],
  ])('%s', (_, moment, expected) => {
    expect(revocationDateOf(moment, crl)).toEqual(expected);
  });
});

test('what the CRL before listed is found again, whatever the time and the extensions', () => {
  const signer = testSigner(testHierarchy(), 'issuing-ec');
  const revoked = ['unspecified', 'superseded'].map((reason, i) => ({ serial: newSerial(), revokedAt: at(-i), reason }));
  const crl = buildCrl({ signer, number: 1n, thisUpdate: at(0), nextUpdate: at(60), revoked });
  const entries = readCrlEntries(readCrl(crl).revoked);
  expect(listedDates(crl)).toEqual({ thisUpdate: at(0), dates: new Map(entries.map(({ serial, revokedAt }) => [serial, revokedAt])) });
  expect(listedDates(buildCrl({ signer, number: 1n, thisUpdate: at(0), nextUpdate: at(60), revoked: [] })).dates.size).toBe(0);
});
