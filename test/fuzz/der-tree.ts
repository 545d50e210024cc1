import { type DerNode, readDer } from '../../core/asn1/read-der.ts';

/** A DER value that can be changed, and written in ways that are not DER. */
export interface Tree {
  tag: number;
  members: Tree[] | undefined;
  content: Uint8Array;
  /** How the length is written: as DER wants it, with a needless octet, indefinite, or as another number. */
  length: 'der' | 'long' | 'indefinite' | number;
}

export function treeOf(der: Uint8Array): Tree {
  return fromNode(readDer(der));
}

function fromNode({ tag, constructed, children, content }: DerNode): Tree {
  return { tag, members: constructed ? children.map(fromNode) : undefined, content, length: 'der' };
}

/** The value and all within it, the outermost first. */
export function flat(tree: Tree): [Tree, ...Tree[]] {
  return [tree, ...(tree.members ?? []).flatMap(flat)];
}

export function encode(tree: Tree): Buffer {
  const content = tree.members === undefined ? tree.content : Buffer.concat(tree.members.map(encode));
  const end = tree.length === 'indefinite' ? Buffer.alloc(2) : Buffer.alloc(0);
  return Buffer.concat([Uint8Array.of(tree.tag), lengthOctets(tree.length, content.length), content, end]);
}

function lengthOctets(form: Tree['length'], length: number): Uint8Array {
  if (form === 'indefinite') return Uint8Array.of(0x80);
  if (typeof form === 'number') return Uint8Array.of(0x82, (form >> 8) & 0xff, form & 0xff);
  if (form === 'long') return Uint8Array.of(0x83, 0, length >> 8, length & 0xff);
  if (length < 0x80) return Uint8Array.of(length);
  return length < 0x100 ? Uint8Array.of(0x81, length) : Uint8Array.of(0x82, length >> 8, length & 0xff);
}

export function copyOf({ tag, members, content, length }: Tree): Tree {
  return { tag, members: members?.map(copyOf), content, length };
}
