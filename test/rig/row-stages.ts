import { prepareIntents } from '../../activities/prepare-intents.ts';
import type { EnrollmentId } from '../../contract/ids.ts';
import type { OpenState } from '../../contract/states.ts';
import { readSubmission } from '../../store/csr-submission.ts';
import { commitIntents, readIssuing } from '../../store/issuing.ts';
import { createRow, type DeviceIds, newDevice, satisfyPin } from './enrollment-rows.ts';
import type { EnrollmentWorld } from './enrollment-world.ts';
import { type SubmissionWish, type Submitted, submit, takeCredentials } from './test-device.ts';

/** A row in a state, and what its device holds then. */
export interface RowStage {
  id: EnrollmentId;
  device: DeviceIds;
  submitted?: Submitted;
  proof?: string;
}

/** Brings a new enrollment to a state by the activities themselves, without Temporal. */
export async function rowIn(
  world: EnrollmentWorld,
  state: OpenState | 'completed',
  device = newDevice(),
  wish: SubmissionWish = {},
): Promise<RowStage> {
  const { db, activities } = world;
  const { id } = await createRow(db, device);
  if (state === 'awaiting-pin') return { id, device };
  await satisfyPin(db, id);
  if (state === 'awaiting-csr') return { id, device };
  const submitted = await submit(db, id, wish);
  await activities.judgeCsr({ enrollmentId: id, digest: submitted.digest });
  if (state === 'issuing') return { id, device, submitted };
  await activities.issueCredentials({ enrollmentId: id });
  if (state === 'awaiting-ack') return { id, device, submitted };
  const { proof } = await takeCredentials(db, id, submitted);
  await activities.finalizeDelivery({ enrollmentId: id, proof, updateId: 'u' });
  return { id, device, submitted, proof };
}

/** What the issuance process does first for a row in `issuing`, so that a test may go on from there. */
export async function commitOwnIntents({ db, issuanceDeps }: EnrollmentWorld, id: EnrollmentId): Promise<void> {
  const reading = await readIssuing(db, id);
  const submission = await readSubmission(db, id, reading?.enrollment.csrDigest ?? '');
  if (reading === undefined || submission === undefined) throw new Error('nothing was accepted');
  await commitIntents(db, id, await prepareIntents(issuanceDeps, reading.enrollment, submission));
}

/** Everything that the database says of an enrollment, for comparing before and after. */
export async function snapshot({ db }: EnrollmentWorld, enrollmentId: EnrollmentId): Promise<Record<string, unknown>> {
  const where = { enrollmentId };
  const [enrollment, submissions, claims, intents, certificates, delivery, revocations, audit] = await Promise.all([
    db.enrollment.findUnique({ where: { id: enrollmentId } }),
    db.csrSubmission.findMany({ where, orderBy: { digest: 'asc' } }),
    db.keyClaim.findMany({ where, orderBy: { spkiSha256: 'asc' } }),
    db.credentialIntent.findMany({ where, orderBy: { kind: 'asc' } }),
    db.certificate.findMany({ where, orderBy: { kind: 'asc' } }),
    db.delivery.findUnique({ where }),
    db.revocation.findMany({ where, orderBy: { serial: 'asc' } }),
    db.audit.findMany({ where, orderBy: { id: 'asc' } }),
  ]);
  return { enrollment, submissions, claims, intents, certificates, delivery, revocations, audit };
}
