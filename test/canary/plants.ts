import { createPrivateKey, generateKeyPairSync, randomBytes } from 'node:crypto';
import type { Secret } from './secret-forms.ts';

/** A value that was put somewhere on purpose, written in one form by other code than the search's. */
export interface Plant {
  readonly secret: Secret;
  readonly content: Buffer;
}

/** One value of its own for each form: whoever finds them all finds secrets in all forms. */
export function newPlants(): Plant[] {
  const forms: [string, (octets: Buffer) => Buffer | string][] = [
    ['octets', (octets) => octets],
    ['little-endian', (octets) => Buffer.from(octets.toReversed())],
    ['hex', (octets) => `key=${octets.toString('hex')};`],
    ['HEX', (octets) => octets.toString('hex').toUpperCase()],
    ['base64', (octets) => octets.toString('base64')],
    ['base64 inside other base64', (octets) => Buffer.from(`{"k":"${octets.toString('latin1')}"}`, 'latin1').toString('base64')],
    ['base64url', (octets) => `cse_${octets.toString('base64url')}`],
    ['decimal', (octets) => octets.reduce((sum, octet) => sum * 256n + BigInt(octet), 0n).toString(10)],
    ['list of octets', (octets) => JSON.stringify([...octets])],
    ['octal escapes', (octets) => octets.reduce((text, octet) => `${text}\\${`00${octet.toString(8)}`.slice(-3)}`, '')],
    ['UTF-16', (octets) => Buffer.from(octets.toString('base64url'), 'utf16le')],
  ];
  const plain = forms.map(([form, write]) => plant(form, randomBytes(32), write));
  return [...plain, ...keyPlants(), pinPlant()];
}

function plant(form: string, octets: Buffer, write: (octets: Buffer) => Buffer | string): Plant {
  return { secret: { name: `planted: ${form}`, octets }, content: Buffer.from(write(octets)) };
}

/** Real keys as programs write them: the search looks for the private value inside. */
function keyPlants(): Plant[] {
  const ec = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'der' },
  });
  const rsa = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    privateKeyEncoding: { type: 'pkcs8', format: 'der' },
    publicKeyEncoding: { type: 'spki', format: 'der' },
  });
  const scalar = createPrivateKey(ec.privateKey).export({ format: 'jwk' }).d ?? '';
  const prime = createPrivateKey({ key: rsa.privateKey, format: 'der', type: 'pkcs8' }).export({ format: 'jwk' }).p ?? '';
  return [
    { secret: { name: 'planted: PKCS#8 as PEM', octets: Buffer.from(scalar, 'base64url') }, content: Buffer.from(ec.privateKey) },
    { secret: { name: 'planted: a prime in PKCS#8', octets: Buffer.from(prime, 'base64url') }, content: Buffer.from(rsa.privateKey) },
  ];
}

function pinPlant(): Plant {
  const octets = Buffer.from(String(randomBytes(5).readUIntBE(0, 5)).padStart(12, '7').slice(0, 12));
  return {
    secret: { name: 'planted: digits of a PIN', octets, isText: true },
    content: Buffer.concat([Buffer.from('{"pin":"'), octets, Buffer.from('"}')]),
  };
}
