const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** The same octets with bits of the last character set that no octet uses: 15, 3 or no other texts. */
export function otherSpellings(text: string): string[] {
  const unused = { 2: 16, 3: 4 }[text.length % 4] ?? 1;
  const last = ALPHABET.indexOf(text.at(-1) ?? '');
  return Array.from({ length: unused - 1 }, (_, bits) => text.slice(0, -1) + (ALPHABET[last | (bits + 1)] ?? ''));
}
