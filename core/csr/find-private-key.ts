import { parseDeliveryKey } from '../keys/delivery-key.ts';
import { KeyRefused } from '../keys/key-refused.ts';
import { type CsrRefusal, CsrRefused, refusal } from './csr-refusal.ts';
import { decodeCsrText } from './csr-text.ts';
import { readCsrDer, readPkcs10 } from './read-pkcs10.ts';

/**
 * Finds a private key in a submission before anything of it is stored: `csr_private_key_sent` or `delivery_key_private_sent`, else
 * undefined. Every other fault is for `judgeCsr`. Pure, may be repeated.
 */
export function findPrivateKey(csrText: string, deliveryKey: unknown): CsrRefusal | undefined {
  return privateCsr(csrText) ?? privateDeliveryKey(deliveryKey);
}

function privateCsr(csrText: string): CsrRefusal | undefined {
  const text = decodeCsrText(csrText);
  if (!text.ok && text.refusal.code === 'csr_private_key_sent') return text.refusal;
  if (beginsLikeKey(csrText)) return refusal('csr_private_key_sent', 'The text is a private key in another encoding.');
  if (!text.ok) return undefined;
  try {
    readPkcs10(readCsrDer(text.der));
  } catch (error) {
    if (error instanceof CsrRefused && error.code === 'csr_private_key_sent') return refusal(error.code, error.message);
  }
  return undefined;
}

/**
 * Sees keys in texts that the gate does not decode or that are not strict DER: wrapped, cut off, base64url, hex, BER. A SEQUENCE that
 * begins with a version 0 or 1 is PKCS#8, PKCS#1 or SEC1; a CSR begins with another SEQUENCE.
 */
function beginsLikeKey(csrText: string): boolean {
  const body = csrText.replaceAll(/-----[^\n-]*-----|\\[nr]|\s/g, '');
  const octets = Buffer.from(body.slice(0, 64), /^30[0-9A-Fa-f]*$/.test(body) ? 'hex' : 'base64');
  const length = octets[1] ?? 0;
  const start = length <= 0x80 ? 2 : 2 + (length & 0x7f);
  return octets[0] === 0x30 && ['020100', '020101'].includes(octets.toString('hex', start, start + 3));
}

function privateDeliveryKey(deliveryKey: unknown): CsrRefusal | undefined {
  try {
    parseDeliveryKey(deliveryKey);
  } catch (error) {
    if (error instanceof KeyRefused && error.code === 'delivery_key_private_sent') return refusal(error.code, error.message);
  }
  return undefined;
}
