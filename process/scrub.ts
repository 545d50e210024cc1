/**
 * Takes out of a sentence what could be a secret or somebody's data, and leaves the sentence. Libraries quote what they were given
 * (JSON.parse, PostgreSQL, URL parsers), and an error's message is the one text of theirs that reaches a log.
 */
export function scrub(text: string): string {
  return WHAT_TO_HIDE.reduce((rest, pattern) => rest.replaceAll(pattern, HIDDEN), text.slice(0, MOST)).slice(0, KEPT);
}

const MOST = 2_000;
const KEPT = 300;
const HIDDEN = '[hidden]';

const WHAT_TO_HIDE: readonly RegExp[] = [
  // PEM, cut off or whole.
  /-----BEGIN [^-]*-----[\s\S]*/g,
  // URLs may carry credentials or ids.
  /\b[a-z][a-z0-9+.-]*:\/\/\S+/gi,
  // Quoted: what a library repeats of its input.
  /"[^"]*"?|“[^”]*”?|`[^`]*`?|(?<!\w)'[^']*'?/g,
  // Argon2 in PHC form.
  /\$argon2\S*/g,
  // Tokens, keys, hashes, base64 and hex of anything; ids of enrollments have a field of their own.
  /[A-Za-z0-9+/_=-]{20,}/g,
  // PINs, and octets printed as a list.
  /\d{4,}/g,
  /\d{1,3}(?:[ ,]+\d{1,3}){7,}/g,
];
