import type { KeyType } from '../../contract/key-types.ts';
import { isOnCurve, P256, P384, toBigInt } from './curve.ts';
import { KeyRefused } from './key-refused.ts';
import { type PublicKeyParts, readSpki } from './read-spki.ts';
import { hasClosePrimes, hasRocaFingerprint, hasSmallFactor } from './weak-rsa.ts';

/**
 * Judges a SubjectPublicKeyInfo on its raw octets and returns the type of the key. Runs before any `KeyObject` is made: Node 20 and 22
 * end the process, without an error to catch, when a `KeyObject` of some malformed EC keys is asked for its details. Pure, a few ms for RSA, may be repeated.
 * Throws `KeyRefused` with `key_type_not_allowed`, `key_encoding`, `key_point_…` or `key_weak_…`, and nothing else.
 */
export function judgeKey(spki: Uint8Array, allowed: readonly KeyType[]): KeyType {
  const parts = readSpki(spki);
  const type = parts.kind === 'ec' ? judgePoint(parts) : judgeModulus(parts);
  if (!allowed.includes(type)) throw new KeyRefused('key_type_not_allowed', `${type} is not among the allowed types.`, parts.offset);
  return type;
}

type EcParts = Extract<PublicKeyParts, { kind: 'ec' }>;
type RsaParts = Extract<PublicKeyParts, { kind: 'rsa' }>;

/** SEC 1 §2.3.3: only 04 ‖ x ‖ y. */
function judgePoint({ curve: name, point, offset }: EcParts): KeyType {
  const curve = name === 'P-256' ? P256 : P384;
  const [form] = point;
  if ((form === 2 || form === 3) && point.length === 1 + curve.octets)
    throw new KeyRefused('key_point_compressed', 'The EC point is compressed.', offset);
  if (form !== 4 || point.length !== 1 + 2 * curve.octets) {
    throw new KeyRefused('key_point_invalid', `The EC point is not 04 and ${2 * curve.octets} octets.`, offset);
  }
  const x = point.subarray(1, 1 + curve.octets);
  if (!isOnCurve(curve, x, point.subarray(1 + curve.octets)))
    throw new KeyRefused('key_point_invalid', `The point is not on ${name}.`, offset);
  return `EC:${name}`;
}

function judgeModulus({ modulus, exponent, offset }: RsaParts): KeyType {
  const type = rsaType(modulus, offset);
  if (Buffer.compare(exponent, F4) !== 0) throw new KeyRefused('key_weak_exponent', 'The RSA exponent is not 65537.', offset);
  const n = toBigInt(modulus);
  if (hasSmallFactor(n)) throw new KeyRefused('key_weak_factor', 'The RSA modulus is even or has a small prime factor.', offset);
  if (hasRocaFingerprint(n)) throw new KeyRefused('key_weak_roca', 'The RSA modulus carries the ROCA fingerprint.', offset);
  if (hasClosePrimes(n)) throw new KeyRefused('key_weak_close_primes', 'The RSA modulus is factored by a few rounds of Fermat.', offset);
  return type;
}

const F4 = Uint8Array.of(1, 0, 1);

/** Size first: everything after it may take for granted that the modulus has at most 4096 bits. */
function rsaType(modulus: Uint8Array, offset: number): KeyType {
  const bits = modulus.length * 8 - Math.clz32(modulus[0] ?? 0) + 24;
  switch (bits) {
    case 2048:
    case 3072:
    case 4096:
      return `RSA:${bits}`;
    default:
      if (bits < 2048) throw new KeyRefused('key_weak_rsa_size', `The RSA modulus has ${bits} bits.`, offset);
      throw new KeyRefused('key_type_not_allowed', `The RSA modulus has ${bits} bits, not 2048, 3072 or 4096.`, offset);
  }
}
