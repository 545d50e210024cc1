import type { IncomingMessage } from 'node:http';
import { ServiceError } from '../contract/service-error.ts';

/** The credential of a call, from `Authorization: Bearer …` alone (RFC 6750 §2.1). Errors: `invalid_token`. */
export function bearer({ headers }: Pick<IncomingMessage, 'headers'>): string {
  const [, token] = /^Bearer ([A-Za-z0-9._~+/=-]+)$/i.exec(headers.authorization ?? '') ?? [];
  if (token === undefined)
    throw new ServiceError(
      'invalid_token',
      'The header Authorization is missing, or is not the word Bearer, one blank and the credential.',
    );
  return token;
}
