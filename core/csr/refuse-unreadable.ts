import { type CsrRefusal, CsrRefused, refusalOf } from './csr-refusal.ts';
import { decodeCsrText } from './csr-text.ts';
import { readCsrDer, readPkcs10 } from './read-pkcs10.ts';

/**
 * What cannot be a CSR, whoever sends it: the first steps of `judgeCsr` in its order, size → text encoding → strict DER → PKCS#10
 * profile (RFC 2986 §4), which need neither enrollment nor key policy. So the verdict is the one that the whole gate would give.
 * Undefined: a CSR, to be judged in its enrollment. Pure, never throws for anything in the input, may be repeated.
 */
export function refuseUnreadable(csrText: string): CsrRefusal | undefined {
  const text = decodeCsrText(csrText);
  if (!text.ok) return text.refusal;
  try {
    readPkcs10(readCsrDer(text.der));
    return undefined;
  } catch (error) {
    if (error instanceof CsrRefused) return refusalOf(error);
    throw error;
  }
}
