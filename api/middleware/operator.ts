import type { Request } from 'express';
import { ServiceError } from '../../contract/service-error.ts';
import type { ApiDeps } from '../deps.ts';
import { bearer } from './caller.ts';

/** The operator who calls, as it stands in the audit: `operator:<subject>`. Errors: `invalid_token`, `insufficient_scope`. */
export async function requireOperator({ operatorTokens }: ApiDeps, req: Request): Promise<`operator:${string}`> {
  if (operatorTokens === undefined) throw new Error('operator calls without operator tokens');
  const token = bearer(req);
  if (token.startsWith('cse_')) throw new ServiceError('invalid_token', 'An enrollment token does not open operator calls.');
  const { subject, scopes } = await operatorTokens.verify(token);
  if (!scopes.has('operator'))
    throw new ServiceError('insufficient_scope', 'The access token lacks the scope operator.', { scope: 'operator' });
  return `operator:${subject}`;
}
