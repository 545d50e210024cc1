import { checkPrimeSync, generateKeyPairSync, generatePrimeSync } from 'node:crypto';

/** Moduli of 2048 bits, sound and weak in one known way each. The primes are thrown away: none of these keys can sign. */
const sound = modulusOf(generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ format: 'jwk' }).n);

export function soundModulus(): bigint {
  return sound;
}

/** n ≡ 65537^5 modulo each prime to 167: what every product of two ROCA primes looks like. */
export function rocaModulus(): bigint {
  const primes = primesTo(7_919n);
  const m = primes.filter((prime) => prime <= 167n).reduce((product, prime) => product * prime, 1n);
  const step = m * ((1n << 2047n) / m + 1n);
  let n = step + (65_537n ** 5n % m);
  while (primes.some((prime) => n % prime === 0n)) n += m;
  return n;
}

/** Two primes at the distance at which Fermat needs about `rounds` steps. */
export function closePrimesModulus(rounds: bigint): bigint {
  const p = (3n << 1022n) | generatePrimeSync(1_022, { bigint: true });
  const first = nextPrime(p);
  // a grows by one a round and b² = a² − n: (q − p)² / (8·√n) rounds are needed.
  const gap = 2n * integerRoot(2n * first * (rounds - 1n));
  return first * nextPrime(first + gap);
}

export function squareModulus(): bigint {
  return nextPrime((3n << 1022n) | generatePrimeSync(1_022, { bigint: true })) ** 2n;
}

function nextPrime(from: bigint): bigint {
  let candidate = (from | 1n) + 2n;
  while (!checkPrimeSync(candidate)) candidate += 2n;
  return candidate;
}

function integerRoot(value: bigint): bigint {
  if (value < 2n) return value;
  let root = 1n << BigInt(Math.ceil(value.toString(2).length / 2));
  for (let next = (root + value / root) >> 1n; next < root; next = (root + value / root) >> 1n) root = next;
  return root;
}

function primesTo(limit: bigint): bigint[] {
  const primes: bigint[] = [];
  for (let candidate = 2n; candidate <= limit; candidate += 1n) {
    if (primes.every((prime) => candidate % prime !== 0n)) primes.push(candidate);
  }
  return primes;
}

function modulusOf(n: string | undefined): bigint {
  return BigInt(`0x${Buffer.from(n ?? '', 'base64url').toString('hex')}`);
}
