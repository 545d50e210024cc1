import { type DerNode, readDer } from '../../../core/asn1/read-der.ts';
import { tlv } from '../../../core/asn1/write-der.ts';

/** DER as a tree that can be changed at will, to make certificates that no builder would make. */
export interface Tree {
  tag: number;
  children: Tree[] | undefined;
  content: Uint8Array;
}

export function treeOf(der: Uint8Array): Tree {
  return grown(readDer(der));
}

export function derOf({ tag, children, content }: Tree): Uint8Array {
  return children === undefined ? tlv(tag, content) : tlv(tag, ...children.map(derOf));
}

/** The node at a path of child positions. */
export function at(tree: Tree, ...path: readonly number[]): Tree {
  let node = tree;
  for (const step of path) {
    const child = node.children?.[step];
    if (child === undefined) throw new Error(`no node at ${path.join('.')}`);
    node = child;
  }
  return node;
}

function grown({ tag, constructed, children, content }: DerNode): Tree {
  return { tag, children: constructed ? children.map(grown) : undefined, content };
}
