import { randomUUID } from 'node:crypto';
import type { EnrollmentId } from '../contract/ids.ts';
import { toEnrollmentId } from '../contract/ids.ts';
import { appendAudit } from './audit.ts';
import { type Database, type Executor, inDatabase, inTransaction } from './database.ts';

/** Somebody asks for the signed timeline of an enrollment; the enrollment worker, which has the evidence key, makes and signs it. */
export interface TimelineRequest {
  id: string;
  enrollmentId: EnrollmentId;
  /** For whom: stands in what is signed. */
  actor: string;
  /** Of the database, with which it was asked: the actor is what that process said. */
  login: string;
}

const MOST = 20;

/** May be repeated: each asks anew. Returns the id under which `readSignedTimeline` finds the answer. */
export async function requestTimeline(db: Executor, enrollmentId: EnrollmentId, actor: string): Promise<string> {
  const id = randomUUID();
  await inDatabase(
    () => db.$executeRaw`INSERT INTO timeline_request (id, enrollment_id, actor) VALUES (${id}::uuid, ${enrollmentId}::uuid, ${actor})`,
  );
  return id;
}

/** Undefined: not signed yet. */
export async function readSignedTimeline(db: Executor, id: string): Promise<string | undefined> {
  const row = await inDatabase(() => db.timelineRequest.findUnique({ where: { id }, select: { jws: true } }));
  return row?.jws ?? undefined;
}

/** The newest first: who asked is still there, and old ones that cannot be answered do not stand in the way. */
export async function openTimelineRequests(db: Executor): Promise<TimelineRequest[]> {
  const rows = await inDatabase(() =>
    db.timelineRequest.findMany({ where: { doneAt: null }, orderBy: { requestedAt: 'desc' }, take: MOST }),
  );
  return rows.map(({ id, enrollmentId, actor, login }) => ({ id, enrollmentId: toEnrollmentId(enrollmentId), actor, login }));
}

/** Stores the signed document, once, with its audit row; without one the request is done and stays empty. May be repeated. */
export async function answerTimelineRequest(
  db: Database,
  { id, enrollmentId, actor, login }: TimelineRequest,
  signed: { jws: string; kid: string; sha256: string } | undefined,
): Promise<void> {
  await inTransaction(db, async (tx) => {
    const answered = await tx.$executeRaw`
      UPDATE timeline_request SET jws = ${signed?.jws ?? null}, done_at = clock_timestamp() WHERE id = ${id}::uuid AND done_at IS NULL`;
    if (answered === 0 || signed === undefined) return;
    const detail = { sha256: signed.sha256, login, key: `evidence/${signed.kid}` };
    await appendAudit(tx, { actor, action: 'timeline.export', enrollmentId, outcome: 'signed', detail });
  });
}

/** Signed documents wait an hour for whoever asked. */
export async function forgetTimelineRequests(db: Executor): Promise<void> {
  await inDatabase(() => db.$executeRaw`DELETE FROM timeline_request WHERE requested_at < clock_timestamp() - interval '1 hour'`);
}
