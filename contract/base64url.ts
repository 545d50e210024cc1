/**
 * Whether a text is base64url without padding in its one form (RFC 4648 §3.5 and §5): the bits of the last character that no octet uses are
 * zero. Decoders skip what is not of the alphabet and ignore these bits; without this rule one value has several texts, and whatever is
 * compared, counted or stored as text can be sent again in another form. The empty text is one, of no octet.
 */
export function isCanonicalBase64url(text: string): boolean {
  return FORM.test(text);
}

/** Groups of four characters; the last one may have two (4 bits unused) or three (2 bits). Linear: no two branches begin alike for long. */
const FORM = /^(?:[A-Za-z0-9_-]{4})*(?:[A-Za-z0-9_-][AQgw]|[A-Za-z0-9_-]{2}[AEIMQUYcgkosw048])?$/;
