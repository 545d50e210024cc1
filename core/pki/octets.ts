/** Octets over an ArrayBuffer of their own, as the store takes them. */
export type Octets = Uint8Array<ArrayBuffer>;

export function octetsOf(bytes: ArrayBuffer | Uint8Array): Octets {
  return Uint8Array.from(bytes instanceof Uint8Array ? bytes : new Uint8Array(bytes));
}

export function sameOctets(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
