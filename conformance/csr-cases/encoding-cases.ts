import { type CsrRefusalCode } from '../../contract/csr-refusal-codes.ts';
import { readDer } from '../../core/asn1/read-der.ts';
import { bitString, explicit, implicitSet, integer, NULL, octetString, oid, sequence, set } from '../../core/asn1/write-der.ts';
import { ALGORITHM, base64, goodAttributes, p256, pem, rsa2048, spkiOf } from './build-request.ts';
import { DER_CASES } from './der-cases.ts';
import { type Case, fromPieces, fromText, good } from './refusal-case.ts';

/** Size, text encoding, strict DER, and the structure of PKCS#10. */
export const ENCODING_CASES = {
  csr_too_large: [
    fromText('more than 16 KiB of DER', base64(new Uint8Array(16_385))),
    fromText('a text that no request needs', 'A'.repeat(65_537)),
    fromPieces('a large unknown attribute', {
      attributes: [...goodAttributes(), sequence(oid('1.2.3'), set(octetString(new Uint8Array(16_300))))],
    }),
  ],
  csr_encoding: [
    fromText('nothing', ''),
    fromText('hex with a colon', '30:82:01'),
    fromText('hex of the DER', Buffer.from(good).toString('hex')),
    fromText('hex in upper case', Buffer.from(good).toString('hex').toUpperCase()),
    fromText('no line break after BEGIN', pem(good).replace('\n', '')),
    fromText('escaped line breaks', pem(good).replaceAll('\n', '\\n')),
    fromText('no END line', pem(good).split('-----END')[0] ?? ''),
    fromText('header lines as in old PEM', pem(good).replace('\n', '\nProc-Type: 4,ENCRYPTED\n')),
    fromText('spare bits that are not zero', 'MAF='),
    fromText('a byte order mark', `\ufeff${base64(good)}`),
    fromText('a JSON array of octets', `[${[...good.subarray(0, 40)].join()}]`),
    fromText('a data URL', `data:application/pkcs10;base64,${base64(good)}`),
    fromText('base64 in quotation marks', `"${base64(good)}"`),
    fromText('a misspelt BEGIN line', pem(good).replace('-----BEGIN ', '-----BEGINN ')),
    fromText('four dashes at the end of the BEGIN line', pem(good).replace('REQUEST-----', 'REQUEST----')),
    fromText('another label at the end', pem(good).replace('END CERTIFICATE REQUEST', 'END CERTIFICATE')),
    fromText('two = in the middle', `${base64(good).slice(0, 40)}==${base64(good).slice(42)}`),
    fromText('another label at the end than at the beginning, both known', pem(good, 'NEW CERTIFICATE REQUEST').replace('END NEW', 'END')),
    fromText('END on the last line of the base64', pem(good).replace('\n-----END', '-----END')),
    fromText('all line breaks lost', pem(good).replaceAll('\n', '')),
    fromText('line breaks that became blanks', pem(good).replaceAll('\n', ' ')),
    fromText('a + that became a blank', pem(good).replace(/\n(.{8})./, '\n$1 ')),
    fromText('a byte order mark before PEM', `\ufeff${pem(good)}`),
    fromText('a zero-width space in a line', pem(good).replace(/\n(.{8})/, '\n$1\u200b')),
    fromText('a no-break space at the end of a line', pem(good).replace('\nM', '\u00a0\nM')),
    fromText('a form feed between two lines', pem(good).replace('\n', '\n\f\n')),
    fromText('percent-encoded PEM', encodeURIComponent(pem(good))),
    fromText('hex with 0x', `0x${Buffer.from(good).toString('hex')}`),
    fromText('a PEM block around hex', pem(good).replace(base64Lines(good), Buffer.from(good).toString('hex'))),
    fromText('base64 of PEM', base64(Buffer.from(pem(good)))),
    fromText('base64 of base64', base64(Buffer.from(base64(good)))),
    fromText('base64 of hex', base64(Buffer.from(Buffer.from(good).toString('hex')))),
    fromText('a PEM block around base64 of PEM', pem(Buffer.from(pem(good)))),
    fromText('base64 of a JSON array', base64(Buffer.from(`[${[...good.subarray(0, 40)].join()}]`))),
    fromText('an empty block', '-----BEGIN CERTIFICATE REQUEST-----\n-----END CERTIFICATE REQUEST-----'),
  ],
  csr_encoding_base64url: [
    fromText('base64url', Buffer.from('fbff', 'hex').toString('base64url').padEnd(4, 'A')),
    fromText('base64url with padding', '-_8='),
    fromText('base64url in a PEM block', pem(Uint8Array.of(0xff, 0xff, 0xff)).replace('////', '____')),
  ],
  csr_encoding_padding: [
    fromText('no padding', 'MAA'),
    fromText('one = too few', 'MA='),
    fromText('a request without its last character', base64(good).slice(0, -1)),
  ],
  csr_encoding_line_breaks: [
    fromText('a blank in the middle', `${base64(good).slice(0, 80)} ${base64(good).slice(80)}`),
    fromText('a tab', base64(good).replace(/^(.{8})/, '$1\t')),
    fromText('bare base64 in lines', base64(good).replaceAll(/(.{76})/g, '$1\r\n')),
  ],
  csr_encoding_label: [
    fromText('a public key', pem(good, 'PUBLIC KEY')),
    fromText('a label of our own making', pem(good, 'CSR')),
    fromText('OLD CERTIFICATE REQUEST', pem(good, 'OLD CERTIFICATE REQUEST')),
    fromText('the label in lower case', pem(good, 'certificate request')),
    fromText('PKCS#7', pem(good, 'PKCS7')),
    fromText('an empty label', pem(good, '')),
  ],
  csr_encoding_several_blocks: [
    fromText('two requests', pem(good) + pem(good)),
    fromText('a request and a CRL', pem(good) + pem(good, 'X509 CRL')),
    fromText('a request and a chain', pem(good) + pem(good, 'CERTIFICATE')),
  ],
  csr_encoding_text_around: [
    fromText('text before', `subject=\n${pem(good)}`),
    fromText('text after', `${pem(good)}-- \nJane`),
    fromText('openssl req -text', `Certificate Request:\n    Data:\n        Version: 1 (0x0)\n${pem(good)}`),
  ],
  csr_certificate_sent: [
    fromText('a CERTIFICATE block', pem(good, 'CERTIFICATE')),
    fromText('an X509 CERTIFICATE block', pem(good, 'X509 CERTIFICATE')),
    fromText('a TRUSTED CERTIFICATE block', pem(good, 'TRUSTED CERTIFICATE')),
    fromText(
      'the DER of a certificate',
      base64(sequence(sequence(explicit(0, integer(2)), integer(1)), ALGORITHM.es256, bitString(new Uint8Array(70)))),
    ),
  ],
  csr_private_key_sent: [
    fromText('PKCS#8 PEM', p256.export({ format: 'pem', type: 'pkcs8' }).toString()),
    fromText('the key after the request', pem(good) + p256.export({ format: 'pem', type: 'sec1' }).toString()),
    fromText('an encrypted key', encryptedPem()),
    fromText('the key before the request', p256.export({ format: 'pem', type: 'pkcs8' }).toString() + pem(good)),
    fromText('a key cut off', p256.export({ format: 'pem', type: 'pkcs8' }).toString().slice(0, 90)),
    fromText('a key with a misspelt BEGIN line', p256.export({ format: 'pem', type: 'pkcs8' }).toString().replace('KEY-----', 'KEY----')),
    fromText('a key under the label of a request', pem(p256.export({ format: 'der', type: 'pkcs8' }))),
    fromText('a key with escaped line breaks', JSON.stringify(p256.export({ format: 'pem', type: 'pkcs8' }).toString())),
    fromText('an OpenSSH key', '-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAA\n-----END OPENSSH PRIVATE KEY-----\n'),
    fromText('an OpenPGP key', '-----BEGIN PGP PRIVATE KEY BLOCK-----\n\nlQ==\n-----END PGP PRIVATE KEY BLOCK-----\n'),
    fromText('a PuTTY key', 'PuTTY-User-Key-File-3: ecdsa-sha2-nistp256\nEncryption: none\n'),
    fromText('a private JWK', JSON.stringify(p256.export({ format: 'jwk' }))),
    fromText('hex of PKCS#8', p256.export({ format: 'der', type: 'pkcs8' }).toString('hex')),
    fromText('base64url of PKCS#8', p256.export({ format: 'der', type: 'pkcs8' }).toString('base64url')),
    fromText('base64 of a PEM', base64(Buffer.from(p256.export({ format: 'pem', type: 'pkcs8' })))),
    fromText('base64 of a private JWK', base64(Buffer.from(JSON.stringify(p256.export({ format: 'jwk' }))))),
    fromText('PKCS#8 in quotation marks', JSON.stringify(base64(p256.export({ format: 'der', type: 'pkcs8' })))),
    fromText('a data URL of PKCS#8', `data:application/pkcs8;base64,${base64(p256.export({ format: 'der', type: 'pkcs8' }))}`),
    fromText(
      'the beginning of a PKCS#12 file',
      base64(sequence(integer(3), sequence(oid('1.2.840.113549.1.7.1'), explicit(0, octetString(new Uint8Array(40)))))),
    ),
    fromText('PKCS#8 DER', base64(p256.export({ format: 'der', type: 'pkcs8' }))),
    fromText('PKCS#1 DER', base64(rsa2048.export({ format: 'der', type: 'pkcs1' }))),
    fromText('SEC1 DER', base64(p256.export({ format: 'der', type: 'sec1' }))),
    fromText('encrypted PKCS#8 DER', base64(p256.export({ format: 'der', type: 'pkcs8', cipher: 'aes-256-cbc', passphrase: 'test' }))),
  ],
  csr_not_der: DER_CASES,
  csr_profile_structure: [
    fromText('an empty SEQUENCE', base64(sequence())),
    fromText('a bare public key', base64(spkiOf(p256))),
    fromText('a PKCS#1 public key', base64(spkiOf(rsa2048).subarray(24))),
    fromText('a number', base64(integer(5))),
    fromText(
      'a signature with unused bits',
      base64(sequence(sequence(integer(0), sequence(), spkiOf(p256), implicitSet(0)), ALGORITHM.es256, bitString(Uint8Array.of(0xf0), 4))),
    ),
    fromText('two members', base64(sequence(...members(good).slice(0, 2)))),
    fromText('a SET instead of the SEQUENCE', base64(set(...members(good)))),
    fromText('the CertificationRequestInfo alone', base64(members(good)[0] ?? good)),
    fromText('an OCTET STRING as signature', base64(sequence(...members(good).slice(0, 2), octetString(new Uint8Array(64))))),
    fromText('a member after the signature', base64(sequence(...members(good), NULL))),
    fromPieces('a fifth member of info', { wholeAttributes: Buffer.concat([implicitSet(0, ...goodAttributes()), NULL]) }),
  ],
} satisfies Partial<Record<CsrRefusalCode, Case[]>>;

function members(request: Uint8Array): Uint8Array[] {
  return readDer(request).children.map(({ raw }) => raw);
}

function base64Lines(der: Uint8Array): string {
  return pem(der).split('\n').slice(1, -2).join('\n');
}

function encryptedPem(): string {
  return p256.export({ format: 'pem', type: 'pkcs8', cipher: 'aes-256-cbc', passphrase: 'test' }).toString();
}
