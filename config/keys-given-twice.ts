/** A key of a ring, or the body of a PEM block. */
const KEY_MATERIAL = /(?<=^\S+[ \t]+)[A-Za-z0-9_-]{43}(?=\s|$)|(?<=^-----BEGIN [A-Z ]*PRIVATE KEY-----)[^-]+/gm;

/**
 * Each purpose has its own keys (protocol §2): a file copied for another purpose is a key that the process must not have, under a name
 * that it may. `secrets` are pairs of variable and content; the sentence names the variables, never the key.
 */
export function* keysGivenTwice(secrets: ReadonlyArray<readonly [env: string, content: string]>): Generator<string> {
  const holders = new Map<string, string>();
  for (const [env, content] of secrets) {
    for (const [material] of content.matchAll(KEY_MATERIAL)) {
      const key = material.replaceAll(/\s/g, '');
      const other = holders.get(key) ?? env;
      holders.set(key, other);
      if (other !== env) yield `${env} and ${other} hold the same key. Each purpose needs keys of its own.`;
    }
  }
}
