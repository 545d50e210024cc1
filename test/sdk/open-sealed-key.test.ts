import { execFileSync } from 'node:child_process';
import { createHash, createPublicKey, generateKeyPairSync, type KeyObject, randomBytes, X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type CmsChanges, type FixedSealing, jweHeader, sealCmsFixed, sealJweFixed } from '../../conformance/seal-fixed.ts';
import { testCertificate } from '../../conformance/test-certificate.ts';
import { makeDeliveryKey } from '../../sdk/csr/delivery-key.ts';
import { openCms } from '../../sdk/sealed-key/open-cms.ts';
import { openJwe } from '../../sdk/sealed-key/open-jwe.ts';
import { openSealedKey } from '../../sdk/sealed-key/open-sealed-key.ts';
import { type SealedKey, spkiHash } from '../../sdk/sealed-key/sealed-key.ts';

const REFUSED = expect.objectContaining({ code: 'sealed_key_refused' });
const enrollmentId = '5f6c1f6a-95f0-4d4c-8a0f-0a4a5f5b8f10';
const deliveryKey = makeDeliveryKey();
const sdkKey = ecKey();
const sealing: FixedSealing = {
  plaintext: sdkKey.export({ format: 'der', type: 'pkcs8' }),
  enrollmentId,
  spki: spkiHash(sdkKey),
  deliveryPublicKey: createPublicKey(deliveryKey.privateKey),
  kid: deliveryKey.kid,
  ephemeralKey: ecKey(),
  nonce: randomBytes(12),
  contentKey: randomBytes(32),
};

function ecKey(): KeyObject {
  return generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey;
}

function received(value: string): SealedKey {
  return { value, enrollmentId, deliveryKey, spki: sealing.spki };
}

function certificateFor(key: KeyObject): X509Certificate {
  const [notBefore, notAfter] = [new Date('2026-01-01T00:00:00Z'), new Date('2046-01-01T00:00:00Z')];
  const issuer = { name: 'issuer', key: ecKey() };
  return new X509Certificate(
    testCertificate({ subject: 'sdk', publicKey: createPublicKey(key), issuer, serial: 1, profile: 'device', notBefore, notAfter }),
  );
}

describe('JWE', () => {
  test('opens to the very PKCS#8 that was sealed', () => {
    expect(openJwe(received(sealJweFixed(sealing)))).toEqual(sealing.plaintext);
  });

  const header: Record<string, unknown> = jweHeader(sealing);
  const others: Record<string, unknown> = { epk: { ...jweHeader(sealing).epk, crv: 'P-384' } };

  // The tag is made over the changed header: only the comparison can refuse, the cipher would open.
  test.each(Object.keys(header))('is refused when the header member %s has another value', (name) => {
    const changed = { ...header, [name]: others[name] ?? `${String(header[name])}x` };
    expect(() => openJwe(received(sealJweFixed(sealing, changed)))).toThrow(REFUSED);
  });

  test.each(Object.keys(header))('is refused without the header member %s', (name) => {
    const { [name]: _left, ...rest } = header;
    expect(() => openJwe(received(sealJweFixed(sealing, rest)))).toThrow(REFUSED);
  });

  test.each([
    ['an unknown header member', { ...header, zip: 'DEF' }],
    ['a private part in epk', { ...header, epk: { ...jweHeader(sealing).epk, d: 'AA' } }],
    ['a point off the curve', { ...header, epk: { ...jweHeader(sealing).epk, x: jweHeader(sealing).epk.y } }],
    ['a short coordinate', { ...header, epk: { ...jweHeader(sealing).epk, x: 'AA' } }],
  ])('is refused with %s', (_title, changed) => {
    expect(() => openJwe(received(sealJweFixed(sealing, changed)))).toThrow(REFUSED);
  });

  test.each([0, 2, 3, 4])('is refused when part %i is changed by one bit', (index) => {
    const parts = sealJweFixed(sealing).split('.');
    const octets = Buffer.from(parts[index] ?? '', 'base64url');
    octets[3] = (octets[3] ?? 0) ^ 1;
    parts[index] = octets.toString('base64url');
    expect(() => openJwe(received(parts.join('.')))).toThrow(REFUSED);
  });

  test('is refused with an encrypted key, with a sixth part, with a shortened tag, and with white space', () => {
    const value = sealJweFixed(sealing);
    for (const bad of [value.replace('..', '.AA.'), `${value}.AA`, value.slice(0, -6), ` ${value}`, '']) {
      expect(() => openJwe(received(bad))).toThrow(REFUSED);
    }
  });

  test('is refused when it was sealed for another enrollment or another delivery key', () => {
    const stranger = makeDeliveryKey();
    const elsewhere = sealJweFixed({ ...sealing, enrollmentId: '00000000-0000-4000-8000-000000000000' });
    const toStranger = sealJweFixed({ ...sealing, kid: stranger.kid, deliveryPublicKey: createPublicKey(stranger.privateKey) });
    expect(() => openJwe(received(elsewhere))).toThrow(REFUSED);
    expect(() => openJwe(received(toStranger))).toThrow(REFUSED);
  });
});

describe('CMS', () => {
  const sealed = (changes: CmsChanges = {}) => received(sealCmsFixed(sealing, changes).toString('base64'));

  test('opens to the very PKCS#8 that was sealed', () => {
    expect(openCms(sealed())).toEqual(sealing.plaintext);
  });

  test('is a message that OpenSSL opens too', () => {
    const directory = mkdtempSync(join(tmpdir(), 'cs-cms-'));
    try {
      const [key, message, out] = ['key.pem', 'message.der', 'out'].map((name) => join(directory, name));
      if (key === undefined || message === undefined || out === undefined) throw new Error('no paths');
      writeFileSync(key, deliveryKey.privateKey.export({ format: 'pem', type: 'pkcs8' }));
      writeFileSync(message, sealCmsFixed(sealing));
      execFileSync('openssl', ['cms', '-decrypt', '-binary', '-inform', 'DER', '-in', message, '-inkey', key, '-out', out], {
        stdio: 'pipe',
      });
      expect(readFileSync(out)).toEqual(Buffer.from(sealing.plaintext));
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  // Another ukm gives another wrapping key in the sealing below too: only the comparison tells that it is of another enrollment.
  test.each([
    ['the ukm of another enrollment', () => received(sealCmsFixed({ ...sealing, enrollmentId: 'x' }).toString('base64'))],
    ['the ukm of another SDK key', () => received(sealCmsFixed({ ...sealing, spki: 'x' }).toString('base64'))],
    ['a changed ukm', () => sealed({ ukm: Buffer.alloc(32) })],
    ['another rKeyId', () => sealed({ recipientKeyId: createHash('sha1').digest() })],
    ['a changed tag', () => sealed({ tag: Buffer.alloc(16) })],
    ['a tag of 12 octets', () => sealed({ tag: Buffer.alloc(12) })],
  ])('is refused with %s', (_title, make) => {
    expect(() => openCms(make())).toThrow(REFUSED);
  });

  test('is refused whichever single octet is changed', () => {
    const der = sealCmsFixed(sealing);
    for (let at = 0; at < der.length; at++) {
      const changed = Buffer.from(der);
      changed[at] = (changed[at] ?? 0) ^ 0x01;
      expect(() => openCms(received(changed.toString('base64'))), `octet ${at}`).toThrow(REFUSED);
    }
  });

  test('is refused with octets behind it and in base64url', () => {
    const der = sealCmsFixed(sealing);
    expect(() => openCms(received(Buffer.concat([der, Buffer.from([0])]).toString('base64')))).toThrow(REFUSED);
    expect(() => openCms(received(`${der.toString('base64')}\n`))).toThrow(REFUSED);
  });
});

describe('the opened key', () => {
  test('is accepted when it fits the SDK certificate', () => {
    const opened = openSealedKey('jwe', received(sealJweFixed(sealing)), certificateFor(sdkKey));
    expect(createPublicKey(opened).equals(createPublicKey(sdkKey))).toBe(true);
  });

  test('is refused when it is another key than the header says', () => {
    const other = ecKey().export({ format: 'der', type: 'pkcs8' });
    expect(() => openSealedKey('jwe', received(sealJweFixed({ ...sealing, plaintext: other })), certificateFor(sdkKey))).toThrow(REFUSED);
  });

  test('is refused when it cannot sign for its public half: PKCS#8 can carry a wrong one', () => {
    const mixed = Buffer.from(sealing.plaintext);
    const secret = mixed.indexOf(Buffer.from('0420', 'hex')) + 2;
    mixed[secret + 31] = (mixed[secret + 31] ?? 0) ^ 1;
    expect(() => openSealedKey('jwe', received(sealJweFixed({ ...sealing, plaintext: mixed })), certificateFor(sdkKey))).toThrow(REFUSED);
  });

  test('is refused when it is no key at all', () => {
    expect(() =>
      openSealedKey(
        'cms',
        received(sealCmsFixed({ ...sealing, plaintext: Buffer.from('no key') }).toString('base64')),
        certificateFor(sdkKey),
      ),
    ).toThrow(REFUSED);
  });
});
