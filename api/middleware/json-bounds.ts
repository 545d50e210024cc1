/** Our deepest body has three levels and some twenty values. */
const MAX_DEPTH = 16;
const MAX_VALUES = 256;

/**
 * Why a text is more than any body of ours, seen in one pass before it is parsed; undefined when it is not. The text may be no JSON at
 * all: brackets and commas outside of strings bound what a parser would build.
 */
export function jsonExcess(text: string): string | undefined {
  let depth = 0;
  let values = 1;
  for (let at = 0; at < text.length; at += 1) {
    const sign = text[at];
    if (sign === '"') at = endOfString(text, at);
    else if (sign === '{' || sign === '[') depth += 1;
    else if (sign === '}' || sign === ']') depth -= 1;
    else if (sign === ',' || sign === ':') values += 1;
    if (depth > MAX_DEPTH) return `The body is nested deeper than ${MAX_DEPTH} levels.`;
    if (values > MAX_VALUES) return `The body holds more than ${MAX_VALUES} names and values.`;
  }
  return undefined;
}

function endOfString(text: string, begin: number): number {
  for (let at = begin + 1; at < text.length; at += 1) {
    if (text[at] === '\\') at += 1;
    else if (text[at] === '"') return at;
  }
  return text.length;
}
