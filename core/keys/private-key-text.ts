/**
 * Does the text hold a private key in a form that the gate does not decode, or that is not strict DER? PEM of any label (also cut off or
 * mistyped), OpenPGP, PuTTY, JWK, XML; PKCS#8, PKCS#1, SEC1 and PKCS#12 as base64, base64url or hex, wrapped, quoted or cut off; and each
 * of these encoded once more, as by an SDK that takes a PEM for octets.
 * A guess on purpose, and on the safe side: base64 has no space, so a request never says "PRIVATE KEY". Pure; linear in the text.
 */
export function holdsPrivateKey(text: string): boolean {
  const found = encodings(text);
  return isKey(text, found) || found.map(textOf).some((inner) => inner !== undefined && isKey(inner, encodings(inner)));
}

function isKey(text: string, encoded: readonly string[]): boolean {
  return NAMES.test(text) || isPrivateJwk(text) || isXmlKey(text) || encoded.some(beginsLikeKey);
}

const NAMES = /PRIVATE KEY|PuTTY-User-Key-File-/i;
/** Shorter ones cannot hold a key. */
const SHORTEST = 32;

/** RFC 7518 §6.2.2, §6.3.2, §6.4: `d`, or `k` of a symmetric key. */
function isPrivateJwk(text: string): boolean {
  return text.includes('"kty"') && /"[dk]"\s{0,9}:\s{0,9}"/.test(text);
}

/** .NET's RSAKeyValue. */
function isXmlKey(text: string): boolean {
  return text.includes('<RSAKeyValue>') && text.includes('<D>');
}

/** The text as a whole without lines and labels, and each run of base64 or hex in it. */
function encodings(text: string): string[] {
  const body = text.replaceAll(/-----[^\n-]*-----|\\[nr]|\s/g, '');
  const runs = body.split(/[^A-Za-z0-9+/_-]+/).filter((run) => run.length >= SHORTEST);
  return [body, ...runs];
}

/** Where the key begins, in hex: version 0 or 1 of PKCS#8, PKCS#1 and SEC1, version 3 and a SEQUENCE of PKCS#12. */
const KEY_BEGINS = /^02010[01]|^02010330/;
/** A CertificationRequestInfo without its wrapping has version 0 too, and then a Name: an empty SEQUENCE, or a SEQUENCE of SET. */
const NAME_FOLLOWS = /^0201003000|^02010030(..|81..|82....)31/;

/** What a run encodes, if that is text again; DER is not: a name in a request may say anything. */
function textOf(run: string): string | undefined {
  const text = Buffer.from(run, /^[0-9A-Fa-f]*$/.test(run) ? 'hex' : 'base64').toString('latin1');
  return /^[\t\n\r -~]{16}/.test(text) ? text : undefined;
}

function beginsLikeKey(run: string): boolean {
  const octets = Buffer.from(run.slice(0, 64), /^30[0-9A-Fa-f]*$/.test(run) ? 'hex' : 'base64');
  const length = octets[1] ?? 0;
  const inside = octets.toString('hex', length <= 0x80 ? 2 : 2 + (length & 0x7f));
  return octets[0] === 0x30 && KEY_BEGINS.test(inside) && !NAME_FOLLOWS.test(inside);
}
