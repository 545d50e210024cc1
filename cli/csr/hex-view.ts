const WIDTH = 16;
const ROWS_AROUND = 2;

/**
 * The octets around a place, 16 a row, with a marker under the one that is meant:
 *
 *     0020  30 59 30 13 06 07 2a 86  48 ce 3d 02 01 06 08 2a  |0Y0...*.H.=....*|
 *                    ^^
 */
export function hexView(octets: Uint8Array, place: number): string[] {
  const at = Math.min(place, octets.length);
  const row = Math.floor(at / WIDTH);
  const first = Math.max(0, row - ROWS_AROUND);
  const last = Math.min(Math.floor(octets.length / WIDTH), row + ROWS_AROUND);
  const rows = Array.from({ length: last - first + 1 }, (_, i) => first + i);
  return rows.flatMap((number) => [line(octets, number), ...(number === row ? [marker(at, octets.length)] : [])]);
}

function line(octets: Uint8Array, row: number): string {
  const part = [...octets.subarray(row * WIDTH, (row + 1) * WIDTH)];
  const cells = Array.from({ length: WIDTH }, (_, i) => part[i]?.toString(16).padStart(2, '0') ?? '  ');
  const text = part.map((octet) => (octet >= 0x20 && octet < 0x7f ? String.fromCharCode(octet) : '.')).join('');
  const address = (row * WIDTH).toString(16).padStart(4, '0');
  return `${address}  ${cells.slice(0, 8).join(' ')}  ${cells.slice(8).join(' ')}  |${text}|`;
}

function marker(at: number, length: number): string {
  const column = at % WIDTH;
  const indent = 6 + column * 3 + (column >= 8 ? 1 : 0);
  return `${' '.repeat(indent)}^^${at >= length ? ' the end: more was expected' : ''}`;
}
