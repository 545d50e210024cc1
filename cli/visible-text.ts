const MOST = 300;

/** Control, formatting (bidirectional ones too), line and paragraph separators, lone surrogates. */
export const hiddenCharacters = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/**
 * A text of others for one line of a terminal: control and bidirectional characters are written as `\u{…}`, so that it can neither begin
 * a line of its own nor steer the terminal; long ones are cut.
 */
export function visibleText(text: string): string {
  const shown = text.replaceAll(hiddenCharacters, (found) => `\\u{${(found.codePointAt(0) ?? 0).toString(16)}}`);
  return shown.length > MOST ? `${shown.slice(0, MOST)}…` : shown;
}
