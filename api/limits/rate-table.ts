/**
 * Which limits a call spends from, beside `address`, which everything spends from that proves no caller, and `operator`, which every call
 * of an operator does. A limit is spent when its subject is proven and the call is meant for the state of the enrollment (ADR 40).
 */
export const RATE_TABLE = {
  'POST /v1/enrollments': ['client', 'client-user'],
  'GET /v1/enrollments/{id}': ['token', 'client'],
  'PUT /v1/enrollments/{id}/pin': ['token', 'user'],
  'POST /v1/enrollments/{id}/csr': ['token'],
  'GET /v1/enrollments/{id}/credentials': ['token'],
  'POST /v1/enrollments/{id}/ack': ['token'],
  'DELETE /v1/enrollments/{id}': ['token', 'client'],
  'GET /v1/users/{userId}/pin': ['client', 'client-user'],
  'DELETE /v1/users/{userId}/pin': ['client', 'client-user', 'client-reset'],
  'GET /.well-known/cs-evidence-jwks.json': [],
  'DELETE /v1/operator/users/{userId}/pin': ['operator-reset'],
} as const satisfies Readonly<Record<string, readonly SubjectLimit[]>>;

/**
 * Limits of what a caller proved. `token`: one enrollment token; `user`: what devices of one user do with the PIN; `client`: one Token
 * Service; `client-user`: what one Token Service does about one user; `…-reset`: PIN resets of one Token Service, of one operator.
 */
export type SubjectLimit = 'token' | 'user' | 'client' | 'client-user' | 'client-reset' | 'operator-reset';
/** Every call of an operator spends from `operator`: each leaves an audit row. */
export type LimitName = SubjectLimit | 'address' | 'operator';
