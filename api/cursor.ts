import { ServiceError } from '../contract/service-error.ts';

/** Where a page ended, as text that callers hand back unread. It is not secret, and opens nothing that its caller may not see. */
export function encodeCursor(parts: readonly string[]): string {
  return Buffer.from(parts.join('\n')).toString('base64url');
}

/** The parts of a cursor that fits `form`, which has two groups. Errors: `invalid_request`. */
export function decodeCursor(cursor: string, form: RegExp): [string, string] {
  const [, first, second] = form.exec(Buffer.from(cursor, 'base64url').toString()) ?? [];
  if (first === undefined || second === undefined) throw badCursor();
  return [first, second];
}

export function badCursor(): ServiceError {
  return new ServiceError('invalid_request', 'The parameter cursor: must be the member next of the page before.', { parameter: 'cursor' });
}
