/**
 * Symmetric keys of one purpose by key id. The current one makes new things; the others still open old ones.
 * Every row, token and payload names the id of the key that made it, so that keys can rotate at any time.
 */
export interface KeyRing {
  readonly current: { readonly kid: string; readonly key: Uint8Array };
  /** Undefined when the key is unknown or retired. */
  get(kid: string): Uint8Array | undefined;
}

/** The first entry is the current key. Throws when there is none or an id comes twice. */
export function keyRing(entries: ReadonlyArray<{ kid: string; key: Uint8Array }>): KeyRing {
  const [current] = entries;
  if (current === undefined) throw new Error('a key ring needs at least one key');
  const byKid = new Map(entries.map(({ kid, key }) => [kid, key]));
  if (byKid.size !== entries.length) throw new Error('a key ring names a key id twice');
  return { current, get: (kid) => byKid.get(kid) };
}
