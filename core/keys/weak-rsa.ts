/** Known ways in which an RSA modulus is weak, each a question with yes or no. Pure; bounded for moduli of at most 4096 bits. */

/** Any of the first 1000 primes, 2 included (CA/Browser Forum BR §6.1.6 asks for 752). */
export function hasSmallFactor(modulus: bigint): boolean {
  return SMALL_PRIMES.some((prime) => modulus % prime === 0n);
}

/**
 * ROCA (CVE-2017-15361): primes of the form k·M + (65537^a mod M), so the modulus lies in the subgroup that 65537 generates modulo
 * every small prime of M. A sound key passes for one with a probability below 2^-27. Nemec et al., CCS 2017, §2.
 */
export function hasRocaFingerprint(modulus: bigint): boolean {
  return ROCA_SUBGROUPS.every(({ prime, members }) => members.has(modulus % prime));
}

/** Fermat: p and q so close that (p + q) / 2 is within `rounds` of √n (CVE-2022-26320). Expects an odd modulus. */
export function hasClosePrimes(modulus: bigint, rounds = 100): boolean {
  let a = squareRoot(modulus);
  if (a * a < modulus) a += 1n;
  for (let round = 0; round <= rounds; round += 1, a += 1n) {
    if (isSquare(a * a - modulus)) return true;
  }
  return false;
}

const SMALL_PRIMES = firstPrimes(1_000);
/** 3 to 167, the odd primes of M for the smallest keys; larger keys use multiples of that M. */
const ROCA_SUBGROUPS = SMALL_PRIMES.filter((prime) => prime >= 3n && prime <= 167n).map((prime) => ({
  prime,
  members: powersOf65537(prime),
}));
/** Squares modulo these leave fewer than 1 in 40 candidates for the square root. */
const SQUARE_FILTERS = [64n, 63n, 65n, 11n].map((modulus) => ({ modulus, squares: squaresModulo(modulus) }));

function firstPrimes(count: number): bigint[] {
  const primes: number[] = [];
  for (let candidate = 2; primes.length < count; candidate += 1) {
    if (primes.every((prime) => candidate % prime !== 0)) primes.push(candidate);
  }
  return primes.map(BigInt);
}

function powersOf65537(prime: bigint): ReadonlySet<bigint> {
  const members = new Set<bigint>();
  for (let power = 1n; !members.has(power); power = (power * 65_537n) % prime) members.add(power);
  return members;
}

function squaresModulo(modulus: bigint): ReadonlySet<bigint> {
  return new Set(Array.from({ length: Number(modulus) }, (_, i) => BigInt(i * i) % modulus));
}

function isSquare(value: bigint): boolean {
  if (!SQUARE_FILTERS.every(({ modulus, squares }) => squares.has(value % modulus))) return false;
  const root = squareRoot(value);
  return root * root === value;
}

/** Newton's iteration from above: the largest integer whose square is not above the value. */
function squareRoot(value: bigint): bigint {
  if (value < 2n) return value;
  let root = 1n << BigInt(Math.ceil(value.toString(2).length / 2));
  for (;;) {
    const next = (root + value / root) >> 1n;
    if (next >= root) return root;
    root = next;
  }
}
