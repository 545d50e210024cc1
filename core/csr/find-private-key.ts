import { parseDeliveryKey } from '../keys/delivery-key.ts';
import { KeyRefused } from '../keys/key-refused.ts';
import { type CsrRefusal, CsrRefused, refusalOf } from './csr-refusal.ts';
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
  if (!text.ok) return text.refusal.code === 'csr_private_key_sent' ? text.refusal : undefined;
  try {
    readPkcs10(readCsrDer(text.der));
  } catch (error) {
    if (error instanceof CsrRefused && error.code === 'csr_private_key_sent') return refusalOf(error);
  }
  return undefined;
}

function privateDeliveryKey(deliveryKey: unknown): CsrRefusal | undefined {
  try {
    parseDeliveryKey(deliveryKey);
  } catch (error) {
    if (error instanceof KeyRefused && error.code === 'delivery_key_private_sent')
      return refusalOf(new CsrRefused(error.code, error.message));
  }
  return undefined;
}
