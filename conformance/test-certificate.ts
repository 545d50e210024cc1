import { createHash, createPublicKey, type KeyObject, sign } from 'node:crypto';
import { bitString, NULL, objectIdentifier, octetString, sequence, setOf, tlv, utf8String } from '../sdk/der/write-der.ts';

/** A certificate for vectors and tests; profile and names only as far as an SDK looks at them. */
export interface TestCertificate {
  readonly subject: string;
  readonly publicKey: KeyObject;
  readonly issuer: { readonly name: string; readonly key: KeyObject };
  readonly serial: number;
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** `ca` with keyCertSign and cRLSign, or `device` with digitalSignature and clientAuth; tests leave things out. */
  readonly profile:
    | 'ca'
    | 'device'
    | 'device without clientAuth'
    | 'device without keyUsage'
    | 'device with an unknown critical extension'
    | 'CA without keyCertSign'
    | 'keyCertSign without CA'
    | 'TLS server for localhost';
  /** Default `sha256`; with an EC issuer only. */
  readonly digest?: 'sha256' | 'sha384';
}

/** PEM. ECDSA signatures differ from call to call. */
export function testCertificate(input: TestCertificate): string {
  const { digest = 'sha256' } = input;
  const algorithm = signatureAlgorithm(input.issuer.key, digest);
  const tbs = sequence(
    tlv(0xa0, Buffer.from([2, 1, 2])),
    tlv(0x02, Buffer.concat([Buffer.from([0x40]), Buffer.alloc(14), Buffer.from([input.serial])])),
    algorithm,
    name(input.issuer.name),
    sequence(utcTime(input.notBefore), utcTime(input.notAfter)),
    name(input.subject),
    spki(input.publicKey),
    tlv(0xa3, sequence(...extensions(input))),
  );
  const der = sequence(tbs, algorithm, bitString(sign(digest, tbs, input.issuer.key)));
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
}

function extensions({ publicKey, issuer, profile }: TestCertificate): Buffer[] {
  const ids = [
    extension('2.5.29.14', false, octetString(keyId(publicKey))),
    extension('2.5.29.35', false, sequence(tlv(0x80, keyId(createPublicKey(issuer.key))))),
  ];
  const usage = (octet: number, unused: number) => extension('2.5.29.15', true, tlv(0x03, Buffer.from([unused, octet])));
  if (profile === 'ca') return [extension('2.5.29.19', true, sequence(TRUE)), usage(0x06, 1), ...ids];
  if (profile === 'CA without keyCertSign') return [extension('2.5.29.19', true, sequence(TRUE)), usage(0x02, 1), ...ids];
  if (profile === 'keyCertSign without CA') return [extension('2.5.29.19', true, sequence()), usage(0x06, 1), ...ids];
  if (profile === 'TLS server for localhost') return [extension('2.5.29.17', false, sequence(tlv(0x82, Buffer.from('localhost')))), ...ids];
  const clientAuth = extension('2.5.29.37', false, sequence(objectIdentifier('1.3.6.1.5.5.7.3.2')));
  return [
    extension('2.5.29.19', true, sequence()),
    ...(profile === 'device without keyUsage' ? [] : [usage(0x80, 7)]),
    ...(profile === 'device without clientAuth' ? [] : [clientAuth]),
    ...(profile === 'device with an unknown critical extension' ? [extension('1.3.6.1.4.1.99999.1', true, NULL)] : []),
    ...ids,
  ];
}

const TRUE = tlv(0x01, Buffer.from([0xff]));

function extension(oid: string, critical: boolean, value: Buffer): Buffer {
  return sequence(objectIdentifier(oid), ...(critical ? [TRUE] : []), octetString(value));
}

function name(commonName: string): Buffer {
  return sequence(setOf(sequence(objectIdentifier('2.5.4.3'), utf8String(commonName))));
}

function spki(key: KeyObject): Buffer {
  return key.export({ format: 'der', type: 'spki' });
}

function keyId(key: KeyObject): Buffer {
  return createHash('sha1').update(spki(key)).digest();
}

function signatureAlgorithm(key: KeyObject, digest: 'sha256' | 'sha384'): Buffer {
  return key.asymmetricKeyType === 'rsa'
    ? sequence(objectIdentifier('1.2.840.113549.1.1.11'), NULL)
    : sequence(objectIdentifier(digest === 'sha256' ? '1.2.840.10045.4.3.2' : '1.2.840.10045.4.3.3'));
}

/** YYMMDDHHMMSSZ; enough until 2049. */
function utcTime(date: Date): Buffer {
  return tlv(0x17, Buffer.from(`${date.toISOString().slice(2, 19).replace(/[-:T]/g, '')}Z`));
}
