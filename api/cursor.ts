import { isCanonicalBase64url } from '../contract/base64url.ts';
import { ServiceError } from '../contract/service-error.ts';

/** Where a page ended, as text that callers hand back unread. It is not secret, and opens nothing that its caller may not see. */
export function encodeCursor(parts: readonly string[]): string {
  return Buffer.from(parts.join('\n')).toString('base64url');
}

/** The parts of a cursor that fits `form`, which has two groups. Errors: `invalid_request`. */
export function decodeCursor(cursor: string, form: RegExp): [string, string] {
  const [, first, second] = form.exec(cursorText(cursor)) ?? [];
  if (first === undefined || second === undefined) throw badCursor();
  return [first, second];
}

/** The text that was encoded. Errors: `invalid_request` for another spelling of it. */
export function cursorText(cursor: string): string {
  if (!isCanonicalBase64url(cursor)) throw badCursor();
  return Buffer.from(cursor, 'base64url').toString();
}

export function badCursor(): ServiceError {
  return new ServiceError('invalid_request', 'The parameter cursor: must be the member next of the page before.', { parameter: 'cursor' });
}
