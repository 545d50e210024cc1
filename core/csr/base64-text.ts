/** Base64 without white space, and where each of its characters stood in the text that was given. */
export interface Base64Text {
  readonly text: string;
  /** Offset in the given text of the character `index`; for the length, the place behind the last one. */
  at(index: number): number;
}

export interface Piece {
  readonly text: string;
  readonly offset: number;
}

export function joinPieces(pieces: readonly Piece[]): Base64Text {
  return { text: pieces.map(({ text }) => text).join(''), at: (index) => placeOf(pieces, index) };
}

function placeOf(pieces: readonly Piece[], index: number): number {
  let left = index;
  for (const [i, { text, offset }] of pieces.entries()) {
    if (left < text.length || i === pieces.length - 1) return offset + left;
    left -= text.length;
  }
  return index;
}
