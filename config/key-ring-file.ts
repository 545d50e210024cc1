import { readFileSync } from 'node:fs';
import { type KeyRing, keyRing } from '../core/key-ring.ts';

const LINE = /^([A-Za-z0-9._-]{1,16})[ \t]+([A-Za-z0-9_-]{42}[AEIMQUYcgkosw048])$/;
/** Ids that travel as one octet (CSR challenges, protocol §3). */
const OCTET = /^(0|[1-9]\d?|1\d\d|2[0-4]\d|25[0-5])$/;

/**
 * A key ring file: one key a line, `<kid> <32 octets in base64url>`, the current one first; `#` begins a comment.
 * Rotation: put the new key first, restart, remove the old one when nothing open was made with it.
 */
export function parseKeyRing(content: string, refuse: (message: string) => void): KeyRing {
  const entries = parseLines(content);
  if (entries === undefined) {
    refuse('must hold one key a line: "<kid> <32 octets in base64url>", each key id once');
    return NO_KEYS;
  }
  return keyRing(entries);
}

/** For commands and experiments, which have nothing to go on with. Throws when the file is none, naming the file and never its content. */
export function readKeyRing(file: string): KeyRing {
  return parseKeyRing(readFileSync(file, 'utf8'), (message) => {
    throw new Error(`${file} ${message}`);
  });
}

/** As `parseKeyRing`, with ids from 0 to 255: refused at start, not at the first challenge. */
export function parseOctetKeyRing(content: string, refuse: (message: string) => void): KeyRing {
  const entries = parseLines(content);
  if (entries?.some(({ kid }) => !OCTET.test(kid))) refuse('must have key ids that are numbers from 0 to 255');
  return parseKeyRing(content, refuse);
}

interface Entry {
  readonly kid: string;
  readonly key: Uint8Array;
}

/** Undefined when there is no key, a line is no key, or an id comes twice. */
function parseLines(content: string): Entry[] | undefined {
  const lines = content.split('\n').map((line) => line.replace(/#.*/, '').trim());
  const entries = lines.filter((line) => line !== '').map(parseLine);
  const good = entries.filter((entry) => entry !== undefined);
  const whole = good.length > 0 && good.length === entries.length && new Set(good.map(({ kid }) => kid)).size === good.length;
  return whole ? good : undefined;
}

function parseLine(line: string): Entry | undefined {
  const [, kid, text] = LINE.exec(line) ?? [];
  return kid === undefined || text === undefined ? undefined : { kid, key: new Uint8Array(Buffer.from(text, 'base64url')) };
}

/** Stands in for a ring that was refused; nothing is ever made with it, because the configuration as a whole is refused. */
const NO_KEYS: KeyRing = { current: { kid: '', key: new Uint8Array() }, get: () => undefined };
