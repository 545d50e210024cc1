import { setTimeout as sleep } from 'node:timers/promises';
import { explain } from '../cli/timeline/gather-timeline.ts';
import { toEnrollmentId } from '../contract/ids.ts';
import { openDatabase } from '../store/database.ts';
import { checkEnrollments, type Evidence, type Finding } from './check-enrollments.ts';
import type { DeviceStory } from './device-story.ts';
import { readFacts } from './enrollment-facts.ts';
import { type FaultyStack, GRACE_SECONDS } from './faulty-stack.ts';
import { type RunFacts, readCrls, readRun, readStatus } from './read-evidence.ts';

/** Beyond the longest deadline: whatever is open or due then stays so. */
const SETTLE_MS = 300_000;
const PAUSE_MS = 250;

/** Waits until all these enrollments, their runs and the CRLs have come to rest, then judges what is left. */
export async function settleAndCheck(
  stack: FaultyStack,
  ids: readonly string[],
  stories: readonly DeviceStory[],
  terminated: ReadonlySet<string> = new Set(),
): Promise<Finding[]> {
  const closed = new Set<string>();
  for (const end = Date.now() + SETTLE_MS; Date.now() < end && !(await isAtRest(stack, ids, closed)); ) await sleep(PAUSE_MS);
  const runs = await readRuns(stack, ids);
  return checkEnrollments({
    facts: await readFacts(stack, ids),
    stories,
    runs,
    crl: await readCrls(stack),
    signed: await ofThese(stack, ids),
    graceSeconds: GRACE_SECONDS,
    terminated,
    explain: await explanations(stack, ids),
  });
}

/** What the timelines say, and nothing else: audit and workflow must tell the whole story. */
async function explanations({ dev, temporal }: FaultyStack, ids: readonly string[]): Promise<Evidence['explain']> {
  const db = openDatabase(dev.databaseUrl, { poolSize: 2 });
  const found = new Map<string, string>();
  try {
    for (const id of ids) {
      const explanation = await explain(db, temporal, toEnrollmentId(id));
      if (explanation.explained) found.set(id, explanation.because);
    }
  } finally {
    await db.$disconnect();
  }
  return (id) => found.get(id);
}

async function isAtRest(stack: FaultyStack, ids: readonly string[], closed: Set<string>): Promise<boolean> {
  const [row] = await stack.query<{ open: number; due: number }>(
    `SELECT (SELECT count(*)::int FROM enrollment WHERE id = ANY ($1::uuid[]) AND ended_at IS NULL) AS open,
       (SELECT count(*)::int FROM issuer WHERE crl_due_at IS NOT NULL) AS due`,
    [...ids],
  );
  if (row === undefined || row.open > 0 || row.due > 0) return false;
  for (const id of ids) if (!closed.has(id) && (await readStatus(stack, id)) !== 'RUNNING') closed.add(id);
  return ids.every((id) => closed.has(id));
}

async function readRuns(stack: FaultyStack, ids: readonly string[]): Promise<Map<string, RunFacts | undefined>> {
  const runs = new Map<string, RunFacts | undefined>();
  for (const id of ids) runs.set(id, await readRun(stack, id));
  return runs;
}

/** Signatures of other enrollments are judged with those; one without any intent is judged always. */
async function ofThese({ query, station }: FaultyStack, ids: readonly string[]): Promise<Set<string>> {
  const others = await query<{ serial: string }>(
    'SELECT serial FROM credential_intent WHERE enrollment_id <> ALL ($1::uuid[]) AND signing_started_at IS NOT NULL',
    [...ids],
  );
  const judged = new Set(station.signed);
  for (const { serial } of others) judged.delete(serial);
  return judged;
}
