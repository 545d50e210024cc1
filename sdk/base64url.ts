/**
 * The octets of base64url without padding in its one form (RFC 4648 §3.5): Node skips foreign characters and ignores unused bits, and two
 * texts for the same octets would pass. Throws what `wrong` makes.
 */
export function fromBase64url(text: string, wrong: () => Error): Buffer {
  const octets = Buffer.from(text, 'base64url');
  if (octets.toString('base64url') !== text) throw wrong();
  return octets;
}
