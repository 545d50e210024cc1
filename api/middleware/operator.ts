import type { Request, Response } from 'express';
import type { Operator } from '../../callers/access-token.ts';
import { bearer } from '../../callers/bearer.ts';
import { allows, type Scope } from '../../callers/scopes.ts';
import type { AuditAction } from '../../contract/audit-actions.ts';
import { PROBLEMS } from '../../contract/error-codes.ts';
import { ServiceError } from '../../contract/service-error.ts';
import { appendAudit } from '../../store/audit.ts';
import { inDatabase } from '../../store/database.ts';
import type { ApiDeps } from '../deps.ts';
import { charge, refuseUsedUp } from '../limits/charge.ts';
import type { Handler } from '../route.ts';
import { givenEnrollmentId } from './enrollment-id.ts';

type OperatorAction = Extract<AuditAction, `operator.${string}`>;

/** A call and the operator who makes it, as it stands in the audit: `operator:<subject>`. */
export interface OperatorCall {
  readonly deps: ApiDeps;
  readonly req: Request;
  readonly res: Response;
  readonly actor: `operator:${string}`;
}

interface Wanted {
  readonly deps: ApiDeps;
  readonly action: OperatorAction;
  readonly scope: Scope;
  readonly answer: (call: OperatorCall) => Promise<void>;
}

/**
 * A call that only operators make, with the scope that its table names. What it does is audited by the transaction of its effect; what is
 * refused to an operator who proved who it is, here. Errors: `invalid_token`, `insufficient_scope`, `too_many_requests`.
 */
export function operatorCall(action: OperatorAction, answer: Wanted['answer']): Handler {
  return (deps, { scope }) => {
    if (scope === undefined) throw new Error(`the table of operator calls names no scope for ${action}`);
    return (req, res) => answerOperator({ deps, action, scope, answer }, req, res);
  };
}

async function answerOperator({ deps, action, scope, answer }: Wanted, req: Request, res: Response): Promise<void> {
  const { subject, scopes } = await verified(deps, req);
  const call: OperatorCall = { deps, req, res, actor: `operator:${subject}` };
  // Also who may not call is proven, and counted as the operator that it is.
  res.locals.callerProven = true;
  // Before anything is audited: each row waits for the one lock of the chain.
  deps.limits.refuseUsedUp('operator', call.actor, res);
  await refuseResets(call, action);
  await deps.limits.spend('operator', call.actor, 1, res);
  try {
    if (!allows(scopes, scope)) throw new ServiceError('insufficient_scope', `The access token lacks the scope ${scope}.`, { scope });
    await charge(deps, req, { 'operator-reset': call.actor });
    await answer(call);
  } catch (error) {
    await auditRefusal(call, action, error);
    throw error;
  }
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

function verified({ operatorTokens }: ApiDeps, req: Request): Promise<Operator> {
  if (operatorTokens === undefined) throw new Error('operator calls without operator tokens');
  return operatorTokens.verify(bearer(req));
}

/** A failure (5xx) is no refusal. What stands in the path and is no id is not repeated: it may be anything, a token too. */
async function auditRefusal({ deps, req, actor }: OperatorCall, action: OperatorAction, error: unknown): Promise<void> {
  if (!(error instanceof ServiceError) || PROBLEMS[error.code].status >= 500) return;
  const { id } = givenEnrollmentId(req);
  const outcome = error.code === 'enrollment_not_found' ? 'not_found' : error.code;
  await inDatabase(() => appendAudit(deps.db, { actor, action, outcome, ...(id === undefined ? {} : { enrollmentId: id }) }));
}
