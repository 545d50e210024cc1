import { createCipheriv, type KeyObject, pbkdf2Sync, randomBytes } from 'node:crypto';
import { integer, NULL, octetString, oid, sequence } from '../asn1/write-der.ts';

/** Rounds of PBKDF2-HMAC-SHA256 (OWASP password storage, 2023). What `KeyObject.export` writes has 2,048 and cannot be changed. */
export const KEY_DERIVATION_ROUNDS = 600_000;

/**
 * A private key as EncryptedPrivateKeyInfo (RFC 5958 §3), PEM: PBES2 with PBKDF2-HMAC-SHA256 and AES-256-CBC (RFC 8018 §6.2), which
 * node:crypto and `openssl pkcs8` open. Salt and IV are random, so a repetition gives other bytes. Takes about 0.2 s.
 */
export function encryptPrivateKey(key: KeyObject, passphrase: string, rounds: number = KEY_DERIVATION_ROUNDS): string {
  const [salt, iv] = [randomBytes(16), randomBytes(16)];
  const cipher = createCipheriv('aes-256-cbc', pbkdf2Sync(passphrase, salt, rounds, 32, 'sha256'), iv);
  const sealed = Buffer.concat([cipher.update(key.export({ type: 'pkcs8', format: 'der' })), cipher.final()]);
  const der = sequence(pbes2(salt, rounds, iv), octetString(sealed));
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return ['-----BEGIN ENCRYPTED PRIVATE KEY-----', ...lines, '-----END ENCRYPTED PRIVATE KEY-----', ''].join('\n');
}

function pbes2(salt: Uint8Array, rounds: number, iv: Uint8Array): Uint8Array {
  const derivation = sequence(octetString(salt), integer(rounds), sequence(oid(HMAC_WITH_SHA256), NULL));
  return sequence(oid(PBES2), sequence(sequence(oid(PBKDF2), derivation), sequence(oid(AES_256_CBC), octetString(iv))));
}

const PBKDF2 = '1.2.840.113549.1.5.12';
const PBES2 = '1.2.840.113549.1.5.13';
const HMAC_WITH_SHA256 = '1.2.840.113549.2.9';
const AES_256_CBC = '2.16.840.1.101.3.4.1.42';
