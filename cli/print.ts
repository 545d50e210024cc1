import { hiddenCharacters } from './visible-text.ts';

/*
 * All that the command prints goes through here: texts of the database, of Temporal, of files and of the network reach the terminal, and
 * none of them may steer it. Free text inside of a line goes through `visibleText` besides, so that it cannot begin a line of its own.
 */

/** Lines for a person, on standard output. */
export function printText(text: string): void {
  console.log(harmless(text));
}

/** The same octets for a parser, and nothing in them that a terminal obeys: what JSON leaves as it is, is written as `\u….`. */
export function printJson(value: unknown): void {
  console.log(JSON.stringify(value, null, 2).replaceAll(hiddenCharacters, (found) => (found === '\n' ? found : jsonEscape(found))));
}

/** Lines for a person, on standard error. */
export function complain(text: string): void {
  console.error(harmless(text));
}

function harmless(text: string): string {
  return text.replaceAll(hiddenCharacters, (found) => (found === '\n' || found === '\t' ? found : `\\u{${codePoint(found)}}`));
}

function codePoint(character: string): string {
  return (character.codePointAt(0) ?? 0).toString(16);
}

function jsonEscape(character: string): string {
  const units = Array.from({ length: character.length }, (_, at) => character.charCodeAt(at));
  return units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('');
}
