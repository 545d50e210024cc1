import { valueFault } from './value-faults.ts';

/**
 * Strict DER (X.690 §8, §10, §11), read once and kept as a tree over the given bytes.
 *
 * `readDer(bytes, limits?)` returns the one value that fills `bytes` exactly. Pure; may be repeated.
 * Throws `DerError { offset, reason, rule }` and nothing else: indefinite or non-minimal lengths, tag numbers above 30, trailing
 * bytes, primitives in another than their DER form, unsorted SET, or more octets, depth or nodes than the limits allow.
 * The loop keeps its own stack: no input can exhaust the call stack, and work is linear in the size.
 * SET is checked for the order of encodings (SET OF, X.690 §11.6), which is all that PKCS structures use.
 */
export interface DerNode {
  /** Identifier octet with class and constructed bit, such as 0x30 SEQUENCE, 0x02 INTEGER, 0xa0 [0]. */
  readonly tag: number;
  readonly constructed: boolean;
  /** Content octets; a view, not a copy. */
  readonly content: Uint8Array;
  /** Header and content; a view, not a copy. */
  readonly raw: Uint8Array;
  /** Of the identifier octet, from the start of the input. */
  readonly offset: number;
  readonly headerLength: number;
  /** Empty for primitives. */
  readonly children: readonly DerNode[];
}

export interface DerLimits {
  readonly maxBytes: number;
  readonly maxDepth: number;
  readonly maxNodes: number;
}

/** Limits of this service: no standard sets them. */
const OUR_LIMITS = 'protocol §3 (limits)';

const DEFAULT_DER_LIMITS: DerLimits = { maxBytes: 16_384, maxDepth: 32, maxNodes: 4_096 };

export class DerError extends Error {
  override readonly name = 'DerError';

  constructor(
    /** Octets from the start of the input. */
    readonly offset: number,
    readonly reason: string,
    /** The sentence of the standard that is broken, such as "X.690 §10.1"; a limit of ours names the protocol. */
    readonly rule = 'X.690 §8.1',
  ) {
    super(`${reason} at octet ${offset}`);
  }
}

export function readDer(bytes: Uint8Array, limits: Partial<DerLimits> = {}): DerNode {
  const { maxBytes, maxDepth, maxNodes } = { ...DEFAULT_DER_LIMITS, ...limits };
  if (bytes.length > maxBytes) throw new DerError(maxBytes, `more than ${maxBytes} octets`, OUR_LIMITS);
  const root = readValue(bytes, 0, bytes.length);
  if (root.offset + root.raw.length !== bytes.length) throw new DerError(root.raw.length, 'octets after the value', 'X.690 §8.1.1');
  const open: Frame[] = [frameOf(root)];
  let nodes = 1;
  for (let top = open.at(-1); top !== undefined; top = open.at(-1)) {
    if (top.next === top.end) {
      closeValue(top.node);
      open.pop();
      continue;
    }
    const child = readValue(bytes, top.next, top.end);
    nodes += 1;
    if (nodes > maxNodes) throw new DerError(child.offset, `more than ${maxNodes} values`, OUR_LIMITS);
    if (open.length >= maxDepth) throw new DerError(child.offset, `nested deeper than ${maxDepth}`, OUR_LIMITS);
    top.node.children.push(child);
    top.next = child.offset + child.raw.length;
    open.push(frameOf(child));
  }
  return root;
}

interface GrowingNode extends DerNode {
  readonly children: GrowingNode[];
}

interface Frame {
  readonly node: GrowingNode;
  readonly end: number;
  next: number;
}

function frameOf(node: GrowingNode): Frame {
  const end = node.offset + node.raw.length;
  return { node, end, next: node.constructed ? node.offset + node.headerLength : end };
}

function readValue(bytes: Uint8Array, offset: number, end: number): GrowingNode {
  const tag = octetAt(bytes, offset, end);
  if ((tag & 0x1f) === 0x1f) throw new DerError(offset, 'a tag number above 30', 'X.690 §8.1.2');
  const { length, lengthOctets } = readLength(bytes, offset + 1, end);
  const headerLength = 1 + lengthOctets;
  const start = offset + headerLength;
  if (length > end - start) throw new DerError(offset, 'a length that runs past the end of what holds it', 'X.690 §8.1.3');
  const content = bytes.subarray(start, start + length);
  const raw = bytes.subarray(offset, start + length);
  return { tag, constructed: (tag & 0x20) !== 0, content, raw, offset, headerLength, children: [] };
}

/** X.690 §10.1: definite form, fewest octets. */
function readLength(bytes: Uint8Array, at: number, end: number): { length: number; lengthOctets: number } {
  const first = octetAt(bytes, at, end);
  if (first < 0x80) return { length: first, lengthOctets: 1 };
  if (first === 0x80) throw new DerError(at, 'an indefinite length (BER, not DER)', 'X.690 §10.1');
  const count = first & 0x7f;
  if (count > 4) throw new DerError(at, 'a length of more than four octets', OUR_LIMITS);
  let length = 0;
  for (let i = 1; i <= count; i += 1) length = length * 256 + octetAt(bytes, at + i, end);
  if (length < 0x80 || length < 256 ** (count - 1)) throw new DerError(at, 'a length that is not minimal (BER, not DER)', 'X.690 §10.1');
  return { length, lengthOctets: 1 + count };
}

function octetAt(bytes: Uint8Array, at: number, end: number): number {
  const octet = at < end ? bytes[at] : undefined;
  if (octet === undefined) throw new DerError(at, 'the end of the input inside a header');
  return octet;
}

function closeValue(node: DerNode): void {
  const fault = valueFault(node);
  if (fault !== undefined) throw new DerError(node.offset, fault.reason, fault.rule);
}
