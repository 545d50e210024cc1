import { describe, expect, test } from 'vitest';
import { isSerialHex } from '../../../contract/ids.ts';
import { readDer } from '../../../core/asn1/read-der.ts';
import { authorise } from '../../../core/pki/authorise.ts';
import { derTime, readDerTime } from '../../../core/pki/der-time.ts';
import { prepareCertificate } from '../../../core/pki/prepare-certificate.ts';
import { newSerial } from '../../../core/pki/serial-number.ts';
import { validityFor } from '../../../core/pki/validity.ts';
import { expectedOf, GOLDEN_NOW, TEST_SERIAL, testHierarchy, testSigner } from './test-hierarchy.ts';

const hierarchy = testHierarchy();
const issuers = [testSigner(hierarchy, 'issuing-rsa').certificateDer, testSigner(hierarchy, 'issuing-ec').certificateDer];
const limits = { validityDays: 365, backdateSeconds: 300 };

describe('the validity of a pair', () => {
  test('begins five minutes ago and lasts a year, in whole seconds', () => {
    const validity = validityFor(issuers, GOLDEN_NOW, limits);
    expect(validity).toEqual({ notBefore: new Date('2026-01-15T10:25:00Z'), notAfter: new Date('2027-01-15T10:24:59Z') });
  });

  test('never begins before that of an issuer', () => {
    const { notBefore } = validityFor(issuers, GOLDEN_NOW, { ...limits, backdateSeconds: 10 * 86_400 });
    expect(notBefore).toEqual(new Date('2026-01-14T10:30:00Z'));
  });

  test('never ends after that of an issuer', () => {
    const { notAfter } = validityFor(issuers, new Date('2035-12-24T00:00:00Z'), limits);
    expect(notAfter).toEqual(new Date('2036-01-14T10:29:59Z'));
  });

  test('does not exist when an issuer has expired', () => {
    expect(() => validityFor(issuers, new Date('2036-02-01T00:00:00Z'), limits)).toThrowError(
      expect.objectContaining({ code: 'issuer_unavailable', message: expect.stringContaining('renew the hierarchy') }),
    );
  });
});

describe('times in DER (RFC 5280 §4.1.2.5)', () => {
  test.each([
    ['2049-12-31T23:59:59.999Z', 0x17, '491231235959Z'],
    ['2050-01-01T00:00:00.000Z', 0x18, '20500101000000Z'],
    ['1999-01-01T00:00:00.000Z', 0x17, '990101000000Z'],
  ])('%s', (iso, tag, text) => {
    const node = readDer(derTime(new Date(iso)));
    expect([node.tag, Buffer.from(node.content).toString()]).toEqual([tag, text]);
    expect(readDerTime(node)?.toISOString()).toBe(iso.replace(/\....Z/, '.000Z'));
  });

  test('a certificate that crosses 2050 is built as it is linted', () => {
    const validity = { notBefore: new Date('2049-06-01T00:00:00Z'), notAfter: new Date('2050-05-31T23:59:59Z') };
    const later = testHierarchy(new Date('2045-06-01T00:00:00Z'));
    const expected = { ...expectedOf(later, { now: new Date('2049-06-01T00:00:00Z') }), validity };
    expect(() => authorise(prepareCertificate(expected, TEST_SERIAL).tbs, expected)).not.toThrow();
  });
});

describe('a serial number', () => {
  test.each([
    [0x00, '40'],
    [0xff, '7f'],
    [0x80, '40'],
  ])('has its first octet between 0x40 and 0x7f, whatever the random source gives (%i)', (octet, first) => {
    const serial = newSerial((size) => new Uint8Array(size).fill(octet));
    expect(serial.slice(0, 2)).toBe(first);
    expect(isSerialHex(serial)).toBe(true);
  });

  test('is another one each time', () => {
    expect(new Set(Array.from({ length: 1_000 }, () => newSerial())).size).toBe(1_000);
  });
});
