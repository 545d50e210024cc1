import type { Base64Text } from './base64-text.ts';
import { CsrRefused } from './csr-refusal.ts';
import { encodedTwice } from './encoded-twice.ts';
import { nameCharacter } from './name-character.ts';

/** Limit of protocol §3, in octets of DER. */
const MAX_CSR_OCTETS = 16_384;

/** Standard base64 with padding (RFC 4648 §4), its spare bits zero (§3.5), of octets that are no text again. Throws `CsrRefused`. */
export function decodeBase64(base64: Base64Text): Uint8Array {
  refuseOtherAlphabets(base64);
  const { text, at } = base64;
  if (text.length % 4 !== 0) throw new CsrRefused('csr_encoding_padding', lengthFault(text.length), at(text.length));
  const octets = Buffer.from(text, 'base64');
  if (octets.length > MAX_CSR_OCTETS) throw new CsrRefused('csr_too_large', `The CSR has ${octets.length} octets.`);
  const inner = encodedTwice(octets);
  if (inner !== undefined) throw new CsrRefused('csr_encoding', inner, at(0));
  // So that one request has one text.
  if (octets.toString('base64') !== text)
    throw new CsrRefused(
      'csr_encoding',
      'The last character of the base64 has bits that stand for nothing: it was cut or changed, encode the octets again.',
      at(text.search(/.=*$/)),
      'RFC 4648 §3.5',
    );
  return new Uint8Array(octets);
}

function refuseOtherAlphabets({ text, at }: Base64Text): void {
  // Base64 of a SEQUENCE begins with M, never with 3 or 0: this is its hex.
  if (/^(0x)?30[0-9A-Fa-f]+$/i.test(text))
    throw new CsrRefused('csr_encoding', 'The PEM block holds hex, not base64: encode the octets, base64Encode(der).', at(0));
  if (/^[A-Za-z0-9_-]+={0,2}$/.test(text) && /[_-]/.test(text))
    throw new CsrRefused('csr_encoding_base64url', BASE64URL, at(text.search(/[_-]/)));
  if (/^[A-Za-z0-9+/]+={0,2}$/.test(text)) return;
  const stranger = Math.max(text.search(/[^A-Za-z0-9+/=]|=(?!=?$)/), 0);
  throw new CsrRefused('csr_encoding', `The text holds ${nameCharacter(text, stranger)}.`, at(stranger));
}

const BASE64URL = 'The text is base64url: here - or _ stands where base64 has + or /. Encode by base64Encode, not base64UrlEncode.';

function lengthFault(length: number): string {
  const cause = length % 4 === 1 ? 'characters were lost or added' : 'its padding (=) is missing, or characters were lost';
  return `The base64 has ${length} characters, no multiple of four: ${cause}.`;
}
