/** What no client needs is not taken apart: unfinished quotes would each be read to the end. */
const MOST = 256;
const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
const QUOTED = '"(?:[^"\\\\]|\\\\.)*"';
/** One piece between semicolons, which a quoted string may hold itself; empty ones are allowed (RFC 9110 §5.6.6). */
const PIECES = new RegExp(`(?:${QUOTED}|[^;"])+|"`, 'g');
const PARAMETER = new RegExp(`^(${TOKEN})=(?:(${TOKEN})|(${QUOTED}))$`);
/** The second is no registered name, but what many libraries write, and nothing else is meant by it. */
const UTF8 = ['utf-8', 'utf8'];

/**
 * What is wrong with a Content-Type that must say JSON in UTF-8 (RFC 9110 §8.3.1), a sentence that names the part; undefined: nothing.
 * Parameters other than charset mean nothing to application/json (RFC 8259 §11) and are ignored, as RFC 2045 §1 has it. Pure.
 */
export function jsonTypeFault(header: string | undefined): string | undefined {
  if (header === undefined || header.trim() === '') return 'The header Content-Type is missing: send Content-Type: application/json.';
  if (header.length > MOST) return `The header Content-Type is longer than ${MOST} characters: send application/json.`;
  const [type = '', ...parameters] = (header.match(PIECES) ?? []).map((piece) => piece.trim());
  if (type.toLowerCase() !== 'application/json') return `The header Content-Type says ${shown(type)}: send application/json.`;
  return faultOfParameters(parameters.filter((piece) => piece !== ''));
}

function faultOfParameters(pieces: readonly string[]): string | undefined {
  const names = new Set<string>();
  for (const piece of pieces) {
    const [, given, token, quoted] = PARAMETER.exec(piece) ?? [];
    if (given === undefined) return `In Content-Type ${shown(piece)} is no parameter (name=value, no blank around =): leave it out.`;
    const name = given.toLowerCase();
    if (names.has(name)) return `In Content-Type ${shown(given)} comes twice: which one counts? Send it once.`;
    names.add(name);
    const value = token ?? (quoted ?? '').slice(1, -1).replaceAll(/\\(.)/g, '$1');
    if (name === 'charset' && !UTF8.includes(value.toLowerCase()))
      return `In Content-Type ${shown(piece)} is not taken: JSON is UTF-8 (RFC 8259 §8.1), send charset=utf-8 or none.`;
  }
  return undefined;
}

/** What is not liked goes back to its sender only in characters that no log and no page takes for more. */
function shown(text: string): string {
  return /^[\w/+.=;" -]{1,64}$/.test(text) ? text : 'a part of it';
}
