import { Prisma } from './generated/client.ts';

/** All columns of `enrollment e` under the names of the Prisma model, for reads that Prisma's own calls would need two statements for. */
export const ENROLLMENT_COLUMNS = Prisma.sql`
  e.id, e.client_id AS "clientId", e.user_id AS "userId", e.device_id AS "deviceId", e.token_id AS "tokenId", e.platform,
  e.pin_policy AS "pinPolicy", e.idempotency_key AS "idempotencyKey", e.body_sha256 AS "bodySha256", e.token_kid AS "tokenKid",
  e.token_salt AS "tokenSalt", e.state, e.code, e.created_at AS "createdAt", e.state_since AS "stateSince",
  e.stage_deadline AS "stageDeadline", e.expires_at AS "expiresAt", e.ended_at AS "endedAt", e.pin_seconds AS "pinSeconds",
  e.csr_seconds AS "csrSeconds", e.ack_seconds AS "ackSeconds", e.pin_waived AS "pinWaived", e.pin_resets AS "pinResets", e.pin_satisfied_at AS "pinSatisfiedAt",
  e.pin_attempts AS "pinAttempts", e.csr_submissions AS "csrSubmissions", e.csr_refusals AS "csrRefusals",
  e.ack_refusals AS "ackRefusals", e.csr_digest AS "csrDigest", e.started_at AS "startedAt",
  e.certified_until AS "certifiedUntil"`;

/** All columns of `user_pin p`, for the one statement that locks and reads. */
export const USER_PIN_COLUMNS = Prisma.sql`
  p.user_id AS "userId", p.pin_version AS "pinVersion", p.phc, p.params_version AS "paramsVersion", p.memory_kib AS "memoryKib", p.passes,
  p.lanes, p.salt_kid AS "saltKid", p.pepper_kid AS "pepperKid", p.failed, p.next_attempt_at AS "nextAttemptAt",
  p.created_at AS "createdAt", p.updated_at AS "updatedAt"`;
