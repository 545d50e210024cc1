import { generateKeyPairSync, sign } from 'node:crypto';
import { expect, test } from 'vitest';
import { csrToSign, finishCsr, type GivenPublicKey } from '../../sdk/index.ts';

const bound = { challenge: 'a1'.repeat(41), deliveryThumbprint: Buffer.alloc(32, 7) };
const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const spki = publicKey.export({ format: 'der', type: 'spki' });
const { kty = '', crv = '', x = '', y = '' } = publicKey.export({ format: 'jwk' });
const spkiOf = (curve: string): Buffer =>
  generateKeyPairSync('ec', { namedCurve: curve }).publicKey.export({ format: 'der', type: 'spki' });
const ed25519 = generateKeyPairSync('ed25519').publicKey.export({ format: 'der', type: 'spki' });
const smallRsa = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({ format: 'der', type: 'spki' });
const otherExponent = generateKeyPairSync('rsa', { modulusLength: 2048, publicExponent: 3 }).publicKey.export({
  format: 'der',
  type: 'spki',
});
const offCurve = Buffer.concat([spki.subarray(0, -1), Buffer.from([(spki.at(-1) ?? 0) ^ 1])]);

const REFUSED: readonly [title: string, key: GivenPublicKey, says: RegExp][] = [
  ['of another curve', { spki: spkiOf('secp521r1') }, /\(SPKI\): give DER of an EC P-256 or P-384 key/],
  ['of another kind', { spki: ed25519 }, /\(SPKI\): give DER/],
  ['of 1024 bits', { spki: smallRsa }, /RSA key of 2048, 3072 or 4096 bits/],
  ['with exponent 3', { spki: otherExponent }, /e = 65537/],
  ['with an octet behind it', { spki: Buffer.concat([spki, Buffer.alloc(1)]) }, /\(SPKI\): give DER/],
  ['that is a point alone', { spki: spki.subarray(-65) }, /\(SPKI\): give DER/],
  ['of no octets', { spki: Buffer.alloc(0) }, /\(SPKI\): give DER/],
  ['beside its curve', { spki: offCurve }, /\(point\): it is not on its curve/],
  ['with its private half', { jwk: privateKey.export({ format: 'jwk' }) }, /holds a private key \(`d`\)/],
  ['without a type', { jwk: { crv, x, y } }, /`kty` and `crv` must be EC/],
  ['of secp256k1', { jwk: { kty, crv: 'secp256k1', x, y } }, /P-256 or P-384/],
  ['with a short coordinate', { jwk: { kty, crv, x: x.slice(0, 42), y } }, /`x`/],
  ['with padding', { jwk: { kty, crv, x, y: `${y}=` } }, /`y` must be base64url without padding/],
  ['without y', { jwk: { kty, crv, x } }, /`y` must be base64url/],
  ['RSA without e', { jwk: { kty: 'RSA', n: 'AQAB' } }, /`e` must be AQAB/],
  ['RSA of three octets', { jwk: { kty: 'RSA', n: 'AQAB', e: 'AQAB' } }, /2048, 3072 or 4096/],
];
test.each(REFUSED)('a public key %s is refused with the place and what to give', (_title, given, says) => {
  expect(() => csrToSign({ publicKey: given, ...bound })).toThrow(
    expect.objectContaining({ code: 'configuration', message: expect.stringMatching(says) }),
  );
});

test('members of a JWK that are null, as models write what is unset, are no private key', () => {
  const jwk = { kty, crv, x, y, d: null, kid: null };
  expect(csrToSign({ publicKey: { jwk }, ...bound }).octets).toEqual(
    csrToSign({ publicKey: { jwk: { kty, crv, x, y } }, ...bound }).octets,
  );
});

test.each([
  ['no challenge', { challenge: '' }, /^challenge: give/],
  ['a challenge with a line end', { challenge: `${bound.challenge}\n` }, /^challenge: give/],
  ['a thumbprint in hex', { deliveryThumbprint: Buffer.alloc(64) }, /SHA-256 has 32 octets, 64 were given/],
])('%s is refused before anything is signed', (_title, wrong, says) => {
  expect(() => csrToSign({ publicKey: { spki }, ...bound, ...wrong })).toThrow(
    expect.objectContaining({ code: 'configuration', message: expect.stringMatching(says) }),
  );
});

test('a signature by another key, with another hash or over the hash alone is never given out', () => {
  const { octets } = csrToSign({ publicKey: { spki }, ...bound });
  const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  const signatures = [sign('sha256', octets, other), sign('sha384', octets, privateKey), sign('sha256', octets.subarray(1), privateKey)];
  for (const signature of signatures)
    expect(() => finishCsr({ octets, signature, form: 'der' })).toThrow(
      expect.objectContaining({ code: 'signature_refused', message: expect.stringContaining('SHA-256, hashed once') }),
    );
  expect(finishCsr({ octets, signature: sign('sha256', octets, privateKey), form: 'der' }).pem).toMatch(/^-----BEGIN CERTIFICATE REQUEST/);
});

test('octets that are no CertificationRequestInfo are refused, whatever the signature', () => {
  const { octets } = csrToSign({ publicKey: { spki }, ...bound });
  for (const wrong of [Buffer.alloc(0), octets.subarray(0, -1), Buffer.concat([octets, Buffer.alloc(1)]), spki])
    expect(() => finishCsr({ octets: wrong, signature: sign('sha256', wrong, privateKey), form: 'der' })).toThrow(
      expect.objectContaining({ code: 'configuration', message: expect.stringMatching(/^octets: give what/) }),
    );
});
