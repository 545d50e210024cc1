/** Names of key algorithms and curves that are not taken, for sentences; undefined for what nobody is likely to send. */
export function nameKeyAlgorithm(id: string): string | undefined {
  return NAMES.get(id);
}

/** RFC 3279 §2.3, RFC 4055 §1.2, RFC 5480 §2.1, RFC 5639 §4.1, SEC 2, GM/T 0006. */
const NAMES: ReadonlyMap<string, string> = new Map([
  ['1.2.840.113549.1.1.7', 'RSAES-OAEP'],
  ['1.2.840.113549.1.1.10', 'RSASSA-PSS'],
  ['1.2.840.10040.4.1', 'DSA'],
  ['1.2.840.10046.2.1', 'Diffie-Hellman'],
  ['1.3.132.1.12', 'id-ecDH'],
  ['1.3.132.1.13', 'id-ecMQV'],
  ['1.2.840.10045.3.1.1', 'P-192'],
  ['1.3.132.0.10', 'secp256k1'],
  ['1.3.132.0.33', 'P-224'],
  ['1.3.132.0.35', 'P-521'],
  ['1.3.36.3.3.2.8.1.1.7', 'brainpoolP256r1'],
  ['1.3.36.3.3.2.8.1.1.11', 'brainpoolP384r1'],
  ['1.3.36.3.3.2.8.1.1.13', 'brainpoolP512r1'],
  ['1.2.156.10197.1.301', 'SM2'],
]);
