/**
 * Which limits a call spends from, beside `address`, which everything spends from that proves no caller. `token`: the enrollment token;
 * `user`: the user whose PIN or enrollments are meant; `client`: the Token Service. A limit is spent when its subject is proven.
 */
export const RATE_TABLE = {
  'POST /v1/enrollments': ['client', 'user'],
  'GET /v1/enrollments/{id}': ['token', 'client'],
  'PUT /v1/enrollments/{id}/pin': ['token', 'user'],
  'POST /v1/enrollments/{id}/csr': ['token'],
  'GET /v1/enrollments/{id}/credentials': ['token'],
  'POST /v1/enrollments/{id}/ack': ['token'],
  'DELETE /v1/enrollments/{id}': ['token', 'client'],
  'GET /v1/users/{userId}/pin': ['client', 'user'],
  'DELETE /v1/users/{userId}/pin': ['client', 'user'],
  'GET /.well-known/cs-evidence-jwks.json': [],
} as const satisfies Readonly<Record<string, readonly SubjectLimit[]>>;

/** Limits of what a caller proved. */
export type SubjectLimit = 'token' | 'user' | 'client';
/** Every call of an operator spends from `operator`: each leaves an audit row. */
export type LimitName = SubjectLimit | 'address' | 'operator';
