import { DerError, type DerNode } from './read-der.ts';

/** Dotted text of an OBJECT IDENTIFIER, such as `1.2.840.113549.1.9.7`. Throws `DerError` when the node is something else. X.690 §8.19. */
export function oidText(node: DerNode): string {
  if (node.tag !== 0x06) throw new DerError(node.offset, 'not an OBJECT IDENTIFIER');
  if (node.content.length > MAX_OID_OCTETS)
    throw new DerError(node.offset, `an OBJECT IDENTIFIER of more than ${MAX_OID_OCTETS} octets`, 'protocol §3 (limits)');
  const [first = 0n, ...rest] = arcsOf(node.content);
  const root = first < 80n ? first / 40n : 2n;
  return [root, first - root * 40n, ...rest].join('.');
}

/** Bounds the big-integer work that one hostile arc can ask for. */
const MAX_OID_OCTETS = 128;

function arcsOf(content: Uint8Array): bigint[] {
  const arcs: bigint[] = [];
  let arc = 0n;
  for (const octet of content) {
    arc = (arc << 7n) | BigInt(octet & 0x7f);
    if (octet >= 0x80) continue;
    arcs.push(arc);
    arc = 0n;
  }
  return arcs;
}
