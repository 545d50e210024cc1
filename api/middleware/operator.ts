import type { Request, Response } from 'express';
import { bearer } from '../../callers/bearer.ts';
import type { AuditAction } from '../../contract/audit-actions.ts';
import { PROBLEMS } from '../../contract/error-codes.ts';
import { isEnrollmentId } from '../../contract/ids.ts';
import { ServiceError } from '../../contract/service-error.ts';
import { appendAudit } from '../../store/audit.ts';
import { inDatabase } from '../../store/database.ts';
import type { ApiDeps } from '../deps.ts';
import { charge, refuseUsedUp } from '../limits/charge.ts';
import type { Handler } from '../route.ts';

type OperatorAction = Extract<AuditAction, `operator.${string}`>;

/** A call and the operator who makes it, as it stands in the audit: `operator:<subject>`. */
export interface OperatorCall {
  readonly deps: ApiDeps;
  readonly req: Request;
  readonly res: Response;
  readonly actor: `operator:${string}`;
}

/**
 * A call that only operators make. What it does is audited by the transaction of its effect; what is refused to an operator who proved who
 * it is, here. Errors: `invalid_token`, `insufficient_scope`.
 */
export function operatorCall(action: OperatorAction, answer: (call: OperatorCall) => Promise<void>): Handler {
  return (deps) => async (req, res) => {
    const { actor, mayCall } = await operatorOf(deps, req);
    // Also who may not call is proven, and counted as the operator that it is.
    res.locals.callerProven = true;
    // Before anything is audited: each row waits for the one lock of the chain.
    deps.limits.refuseUsedUp('operator', actor, res);
    await refuseResets({ deps, req, res, actor }, action);
    await deps.limits.spend('operator', actor, 1, res);
    try {
      if (!mayCall) throw new ServiceError('insufficient_scope', 'The access token lacks the scope operator.', { scope: 'operator' });
      await charge(deps, req, { 'operator-reset': actor });
      await answer({ deps, req, res, actor });
    } catch (error) {
      await auditRefusal({ deps, req, res, actor }, action, error);
      throw error;
    }
  };
}

/** Whoever has no reset left: once a window that is a row, then it costs nothing. */
async function refuseResets(call: OperatorCall, action: OperatorAction): Promise<void> {
  try {
    refuseUsedUp(call.deps, call.req, { 'operator-reset': call.actor });
  } catch (error) {
    if (call.res.locals.refusals === 1) await auditRefusal(call, action, error);
    throw error;
  }
}

async function operatorOf({ operatorTokens }: ApiDeps, req: Request): Promise<Pick<OperatorCall, 'actor'> & { mayCall: boolean }> {
  if (operatorTokens === undefined) throw new Error('operator calls without operator tokens');
  const { subject, scopes } = await operatorTokens.verify(bearer(req));
  return { actor: `operator:${subject}`, mayCall: scopes.has('operator') };
}

/** A failure (5xx) is no refusal. What stands in the path and is no id is not repeated: it may be anything, a token too. */
async function auditRefusal({ deps, req, actor }: OperatorCall, action: OperatorAction, error: unknown): Promise<void> {
  if (!(error instanceof ServiceError) || PROBLEMS[error.code].status >= 500) return;
  const id = String(req.params['id']);
  const outcome = error.code === 'enrollment_not_found' ? 'not_found' : error.code;
  await inDatabase(() => appendAudit(deps.db, { actor, action, outcome, ...(isEnrollmentId(id) ? { enrollmentId: id } : {}) }));
}
