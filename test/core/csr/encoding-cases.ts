import { type CsrRefusalCode } from '../../../contract/csr-refusal-codes.ts';
import { readDer } from '../../../core/asn1/read-der.ts';
import { bitString, explicit, implicitSet, integer, NULL, octetString, oid, sequence, set, tlv } from '../../../core/asn1/write-der.ts';
import { ALGORITHM, base64, goodAttributes, p256, pem, rsa2048, spkiOf, submission } from './csr-builder.ts';
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
    fromText('an empty line in the block', pem(good).replace('\n', '\n\n')),
    fromText('header lines as in old PEM', pem(good).replace('\n', '\nProc-Type: 4,ENCRYPTED\n')),
    fromText('spare bits that are not zero', 'MAF='),
    fromText('a byte order mark', `\ufeff${base64(good)}`),
    fromText('an empty block', '-----BEGIN CERTIFICATE REQUEST-----\n-----END CERTIFICATE REQUEST-----'),
  ],
  csr_encoding_base64url: [
    fromText('base64url', Buffer.from('fbff', 'hex').toString('base64url').padEnd(4, 'A')),
    fromText('base64url with padding', '-_8='),
    fromText('base64url in a PEM block', pem(Uint8Array.of(0xff, 0xff, 0xff)).replace('////', '____')),
  ],
  csr_encoding_padding: [fromText('no padding', 'MAA'), fromText('one = too few', 'MA=')],
  csr_encoding_line_breaks: [fromText('bare base64 in lines', base64(good).replaceAll(/(.{76})/g, '$1\r\n'))],
  csr_encoding_label: [fromText('the old label', pem(good, 'NEW CERTIFICATE REQUEST')), fromText('a public key', pem(good, 'PUBLIC KEY'))],
  csr_encoding_several_blocks: [
    fromText('two requests', pem(good) + pem(good)),
    fromText('a request and a chain', pem(good) + pem(good, 'CERTIFICATE')),
  ],
  csr_encoding_text_around: [fromText('text before', `subject=\n${pem(good)}`), fromText('text after', `${pem(good)}-- \nJane`)],
  csr_certificate_sent: [
    fromText('a CERTIFICATE block', pem(good, 'CERTIFICATE')),
    fromText(
      'the DER of a certificate',
      base64(sequence(sequence(explicit(0, integer(2)), integer(1)), ALGORITHM.es256, bitString(new Uint8Array(70)))),
    ),
  ],
  csr_private_key_sent: [
    fromText('PKCS#8 PEM', p256.export({ format: 'pem', type: 'pkcs8' }).toString()),
    fromText('the key after the request', pem(good) + p256.export({ format: 'pem', type: 'sec1' }).toString()),
    fromText('an encrypted key', encryptedPem()),
    fromText('PKCS#8 DER', base64(p256.export({ format: 'der', type: 'pkcs8' }))),
    fromText('PKCS#1 DER', base64(rsa2048.export({ format: 'der', type: 'pkcs1' }))),
    fromText('SEC1 DER', base64(p256.export({ format: 'der', type: 'sec1' }))),
    fromText('encrypted PKCS#8 DER', base64(p256.export({ format: 'der', type: 'pkcs8', cipher: 'aes-256-cbc', passphrase: 'test' }))),
  ],
  csr_not_der: [
    ['octets after the end', submission({ der: Uint8Array.of(...good, 0) })],
    ['an indefinite length', submission({ der: Uint8Array.of(0x30, 0x80, 0, 0) })],
    ['a cut-off request', submission({ der: good.subarray(0, -1) })],
    fromPieces('a version that is not minimal', { version: Uint8Array.of(2, 2, 0, 0) }),
    fromPieces('an arc that is not minimal', {
      attributes: [...goodAttributes(), sequence(tlv(6, Uint8Array.of(0x2a, 0x80, 1)), set(NULL))],
    }),
    fromPieces('an OID of boundless length', {
      attributes: [...goodAttributes(), sequence(tlv(6, new Uint8Array(4_000).fill(1)), set(NULL))],
    }),
  ],
  csr_profile_structure: [
    fromText('an empty SEQUENCE', base64(sequence())),
    fromText('a bare public key', base64(spkiOf(p256))),
    fromText('a PKCS#1 public key', base64(spkiOf(rsa2048).subarray(24))),
    fromText('a number', base64(integer(5))),
    fromText(
      'a signature with unused bits',
      base64(sequence(sequence(integer(0), sequence(), spkiOf(p256), implicitSet(0)), ALGORITHM.es256, bitString(Uint8Array.of(0xf0), 4))),
    ),
    fromText('a member after the signature', base64(sequence(...members(good), NULL))),
    fromPieces('a fifth member of info', { wholeAttributes: Buffer.concat([implicitSet(0, ...goodAttributes()), NULL]) }),
  ],
} satisfies Partial<Record<CsrRefusalCode, Case[]>>;

function members(request: Uint8Array): Uint8Array[] {
  return readDer(request).children.map(({ raw }) => raw);
}

function encryptedPem(): string {
  return p256.export({ format: 'pem', type: 'pkcs8', cipher: 'aes-256-cbc', passphrase: 'test' }).toString();
}
