import { createPrivateKey, type KeyObject } from 'node:crypto';
import { expect, test } from 'vitest';
import { encryptPrivateKey, KEY_DERIVATION_ROUNDS } from '../../../core/pki/encrypt-private-key.ts';
import { filesIn, run, TEST_PASSPHRASE, testKey } from './test-hierarchy.ts';

const key = testKey('issuing-ec');
const encrypted = encryptPrivateKey(key, TEST_PASSPHRASE);

function open(pem: string, passphrase: string): KeyObject {
  return createPrivateKey({ key: pem, format: 'pem', passphrase });
}

test('an encrypted key opens with its passphrase and no other', () => {
  expect(open(encrypted, TEST_PASSPHRASE).equals(key)).toBe(true);
  expect(() => open(encrypted, 'another passphrase')).toThrowError();
});

test('OpenSSL opens it and names PBKDF2 with HMAC-SHA256, 600,000 rounds and AES-256-CBC', () => {
  const file = filesIn({ 'key.pem': encrypted });
  const opened = run('openssl', 'pkcs8', '-in', file('key.pem'), '-passin', `pass:${TEST_PASSPHRASE}`);
  expect(createPrivateKey(opened.output).equals(key)).toBe(true);
  const { output } = run('openssl', 'asn1parse', '-in', file('key.pem'));
  for (const name of ['PBES2', 'PBKDF2', 'hmacWithSHA256', 'aes-256-cbc']) expect(output).toContain(name);
  expect(output).toContain(`:${KEY_DERIVATION_ROUNDS.toString(16).toUpperCase().padStart(6, '0')}`);
});

test('the same key under the same passphrase gives other bytes each time', () => {
  expect(encryptPrivateKey(key, TEST_PASSPHRASE, 1_000)).not.toBe(encryptPrivateKey(key, TEST_PASSPHRASE, 1_000));
});
