import { oid } from '../asn1/write-der.ts';

export interface AlgorithmOfTomorrow {
  readonly name: string;
  /** False for key agreement and encapsulation: such a key can sign no CSR, whatever will be taken one day. */
  readonly signs: boolean;
}

/**
 * Algorithms that phones and libraries have or will have, and that no certificate of this service is made for yet: so that they are refused by
 * their name. The argument is a whole OBJECT IDENTIFIER in DER. Sources: NIST Computer Security Objects Register (ML-DSA, SLH-DSA, ML-KEM),
 * RFC 8410 §3 (curves of 25519 and 448).
 */
export function algorithmOfTomorrow(oidDer: Uint8Array): AlgorithmOfTomorrow | undefined {
  return ALGORITHMS.get(hexOf(oidDer));
}

const SLH_SETS = ['SHA2', 'SHAKE'].flatMap((hash) => ['128s', '128f', '192s', '192f', '256s', '256f'].map((set) => `${hash}-${set}`));

const ALGORITHMS: ReadonlyMap<string, AlgorithmOfTomorrow> = new Map([
  ...numbered('2.16.840.1.101.3.4.3', 17, ['ML-DSA-44', 'ML-DSA-65', 'ML-DSA-87'], true),
  ...numbered(
    '2.16.840.1.101.3.4.3',
    20,
    SLH_SETS.map((set) => `SLH-DSA-${set}`),
    true,
  ),
  ...numbered('2.16.840.1.101.3.4.3', 32, ['HashML-DSA-44', 'HashML-DSA-65', 'HashML-DSA-87'], true),
  ...numbered(
    '2.16.840.1.101.3.4.3',
    35,
    SLH_SETS.map((set) => `HashSLH-DSA-${set}`),
    true,
  ),
  ...numbered('2.16.840.1.101.3.4.4', 1, ['ML-KEM-512', 'ML-KEM-768', 'ML-KEM-1024'], false),
  ...numbered('1.3.101', 110, ['X25519', 'X448'], false),
  ...numbered('1.3.101', 112, ['Ed25519', 'Ed448'], true),
]);

function numbered(root: string, first: number, names: readonly string[], signs: boolean): [string, AlgorithmOfTomorrow][] {
  return names.map((name, i) => [hexOf(oid(`${root}.${first + i}`)), { name, signs }]);
}

function hexOf(octets: Uint8Array): string {
  return Buffer.from(octets).toString('hex');
}
