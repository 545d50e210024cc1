/**
 * What the decoded octets are when they are text again: then the request was encoded once too often. Undefined for octets that are no text,
 * as DER always is. A sentence about the form only; nothing of the text is in it.
 */
export function encodedTwice(octets: Buffer): string | undefined {
  const text = octets.toString('latin1');
  if (!/^(\xef\xbb\xbf)?[\t\n\r -~]{8,}$/.test(text)) return undefined;
  const found = FORMS.find(([pattern]) => pattern.test(text));
  return found?.[1] ?? 'The base64 holds text, not DER: encode the octets of the request, base64Encode(der).';
}

const FORMS: readonly [pattern: RegExp, what: string][] = [
  [/-----BEGIN /, 'The base64 holds PEM text: it was encoded twice. Send that PEM text itself.'],
  [/^\s*(0x)?30[0-9A-Fa-fx\s:,]+$/i, 'The base64 holds hex: it was encoded twice. Turn the hex into octets and encode these once.'],
  [/^[A-Za-z0-9+/=_\s-]+$/, 'The base64 holds base64 again: it was encoded twice. Send the inner base64 itself.'],
];
