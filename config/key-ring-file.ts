import { type KeyRing, keyRing } from '../core/key-ring.ts';

const LINE = /^([A-Za-z0-9._-]{1,16})[ \t]+([A-Za-z0-9_-]{43})$/;

/**
 * A key ring file: one key a line, `<kid> <32 octets in base64url>`, the current one first; `#` begins a comment.
 * Rotation: put the new key first, restart, remove the old one when nothing open was made with it.
 */
export function parseKeyRing(content: string, refuse: (message: string) => void): KeyRing {
  const lines = content.split('\n').map((line) => line.replace(/#.*/, '').trim());
  const entries = lines.filter((line) => line !== '').map(parseLine);
  const good = entries.filter((entry) => entry !== undefined);
  if (good.length === 0 || good.length !== entries.length || new Set(good.map(({ kid }) => kid)).size !== good.length) {
    refuse('must hold one key a line: "<kid> <32 octets in base64url>", each key id once');
    return NO_KEYS;
  }
  return keyRing(good);
}

function parseLine(line: string): { kid: string; key: Uint8Array } | undefined {
  const [, kid, text] = LINE.exec(line) ?? [];
  return kid === undefined || text === undefined ? undefined : { kid, key: new Uint8Array(Buffer.from(text, 'base64url')) };
}

/** Stands in for a ring that was refused; nothing is ever made with it, because the configuration as a whole is refused. */
const NO_KEYS: KeyRing = { current: { kid: '', key: new Uint8Array() }, get: () => undefined };
