/**
 * The two curves of the service (SEC 2 §2.4.2 and §2.5.1, FIPS 186-5), as far as a point and a signature are checked.
 * Both have cofactor 1: an affine point on the curve has the full order.
 */
export interface Curve {
  readonly octets: 32 | 48;
  readonly p: bigint;
  readonly b: bigint;
  /** Order of the base point. */
  readonly n: bigint;
}

export const P256: Curve = {
  octets: 32,
  p: 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffffn,
  b: 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn,
  n: 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
};

export const P384: Curve = {
  octets: 48,
  p: 0xfffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffeffffffff0000000000000000ffffffffn,
  b: 0xb3312fa7e23ee7e4988e056be3f82d19181d9c6efe8141120314088f5013875ac656398d8a2ed19d2a85c8edd3ec2aefn,
  n: 0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973n,
};

/** y² = x³ − 3x + b over the field, with both coordinates reduced. Big-endian octets. */
export function isOnCurve({ p, b }: Curve, xOctets: Uint8Array, yOctets: Uint8Array): boolean {
  const x = toBigInt(xOctets);
  const y = toBigInt(yOctets);
  return x < p && y < p && (y * y - (x * x * x - 3n * x + b)) % p === 0n;
}

/** Unsigned big-endian octets as a number. */
export function toBigInt(octets: Uint8Array): bigint {
  return octets.length === 0 ? 0n : BigInt(`0x${Buffer.from(octets).toString('hex')}`);
}
