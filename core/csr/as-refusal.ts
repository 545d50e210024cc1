import { KeyRefused } from '../keys/key-refused.ts';
import { CsrRefused } from './csr-refusal.ts';

/** Key rules count from the start of the key, the gate from the start of the request. */
export function asRefusal<T>(check: () => T, base = 0): T {
  try {
    return check();
  } catch (error) {
    if (error instanceof KeyRefused)
      throw new CsrRefused(error.code, error.message, error.offset === undefined ? undefined : base + error.offset);
    throw error;
  }
}
