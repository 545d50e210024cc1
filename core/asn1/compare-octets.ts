/** Order of two encodings in a DER SET OF (X.690 §11.6): octet by octet, the shorter first when one begins the other. */
export function compareOctets(a: Uint8Array, b: Uint8Array): number {
  return Buffer.compare(a, b);
}
