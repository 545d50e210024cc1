import type { AuditAction } from '../contract/audit-actions.ts';
import type { DatabaseRole } from './grants.ts';

/** A kind of actor: a word, or a word with a name behind it (`operator:`). */
export type ActorKind =
  | 'device'
  | 'api'
  | 'token-service:'
  | 'operator:'
  | 'pin-guard:'
  | 'workflow'
  | 'enrollment-worker'
  | 'issuance'
  | 'sweeper'
  | 'retention';

export interface LoginActor {
  readonly kind: ActorKind;
  /** Only with this action; without it with every one. */
  readonly action?: AuditAction;
}

/**
 * Which login may write which kinds of actor into the audit (ADR 42). The SQL function guard_actor enforces it by `session_user`; a test
 * compares both, docs/database-roles.md shows it. Triggers besides: `database:<login>` and `revocation`.
 */
export const LOGIN_ACTORS: Readonly<Record<DatabaseRole, readonly LoginActor[]>> = {
  cs_api: [{ kind: 'device' }, { kind: 'api' }, { kind: 'token-service:' }, { kind: 'operator:' }, { kind: 'pin-guard:' }],
  cs_worker: [
    { kind: 'workflow' },
    { kind: 'enrollment-worker' },
    // It verified the proof of the device.
    { kind: 'device', action: 'enrollment.acknowledge' },
    // The name of the request, which another login wrote.
    { kind: 'operator:', action: 'timeline.export' },
  ],
  cs_issuer: [{ kind: 'issuance' }],
  cs_sweeper: [{ kind: 'sweeper' }],
  cs_retention: [{ kind: 'retention', action: 'enrollments.remove' }],
  // By the trigger of the block list.
  cs_operator: [{ kind: 'operator:', action: 'key.block' }],
};
