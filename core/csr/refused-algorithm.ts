import type { DerNode } from '../asn1/read-der.ts';
import { oid } from '../asn1/write-der.ts';
import { algorithmOfTomorrow } from '../keys/algorithms-of-tomorrow.ts';

/** Why an AlgorithmIdentifier of a signature is none of those that are taken, `taken`, in a sentence. */
export function refusedAlgorithm({ children: [id] }: DerNode, taken: readonly TakenAlgorithm[]): string {
  if (id?.tag !== 0x06) return `The signature algorithm is no AlgorithmIdentifier. ${listOf(taken)}`;
  const hex = hexOf(id.raw);
  const same = taken.find(({ der }) => hexOf(der).includes(hex));
  if (same !== undefined) return `${same.name} has ${same.parameters}.`;
  const name = KNOWN.get(hex) ?? algorithmOfTomorrow(id.raw)?.name;
  return name === undefined
    ? `The signature algorithm is none of those that are taken. ${listOf(taken)}`
    : `${name} is not taken. ${listOf(taken)}`;
}

export interface TakenAlgorithm {
  readonly name: string;
  readonly der: Uint8Array;
  /** In words, to stand behind "has". */
  readonly parameters: string;
}

function listOf(taken: readonly TakenAlgorithm[]): string {
  return `Taken: ${taken.map(({ name }) => name).join(', ')}.`;
}

/** RFC 3279 §2.2, RFC 4055 §5, RFC 5758 §3. */
const KNOWN: ReadonlyMap<string, string> = new Map(
  Object.entries({
    '1.2.840.113549.1.1.1': 'rsaEncryption, which names a key and no signature,',
    '1.2.840.113549.1.1.4': 'md5WithRSAEncryption',
    '1.2.840.113549.1.1.5': 'sha1WithRSAEncryption',
    '1.2.840.113549.1.1.10': 'RSASSA-PSS',
    '1.2.840.113549.1.1.12': 'sha384WithRSAEncryption',
    '1.2.840.113549.1.1.13': 'sha512WithRSAEncryption',
    '1.2.840.113549.1.1.14': 'sha224WithRSAEncryption',
    '1.2.840.10045.2.1': 'id-ecPublicKey, which names a key and no signature,',
    '1.2.840.10045.4.1': 'ecdsa-with-SHA1',
    '1.2.840.10045.4.3.1': 'ecdsa-with-SHA224',
    '1.2.840.10045.4.3.4': 'ecdsa-with-SHA512',
  }).map(([id, name]) => [hexOf(oid(id)), name]),
);

function hexOf(octets: Uint8Array): string {
  return Buffer.from(octets).toString('hex');
}
