import type { DeviceStory } from './device-story.ts';
import type { EnrollmentFacts } from './enrollment-facts.ts';
import type { RunFacts } from './read-evidence.ts';

/** How the story of a device ends that its user cancelled. */
export const CANCELLED = 'cancelled by the device';

/** What must never be found. */
export const RULES = [
  /** More than one certificate of a kind, or one signed that no row planned. */
  'doubled',
  /** A device without what the service says it has, or the other way round. */
  'lost',
  /** The end state does not follow from the timeline. */
  'unexplained',
  'intent-open',
  'not-on-crl',
  'unknown-certificate',
  'repetition-differs',
  'not-ended',
  'sealed-key-left',
  'run-disagrees',
] as const;
export type Rule = (typeof RULES)[number];

export interface Finding {
  rule: Rule;
  enrollmentId: string;
  text: string;
}

/** Everything that was looked at after a run. */
export interface Evidence {
  facts: readonly EnrollmentFacts[];
  stories: readonly DeviceStory[];
  runs: ReadonlyMap<string, RunFacts | undefined>;
  /** Serials on the published CRLs. */
  crl: ReadonlySet<string>;
  /** Serials of which a signature was made, as the issuance process said before it stored anything. */
  signed: ReadonlySet<string>;
  /** How late an end may be: grace and interval of the sweeper. */
  graceSeconds: number;
  /** Enrollments whose run the runner itself terminated; no other run may end so: the service itself gives up on runs that hang. */
  terminated: ReadonlySet<string>;
  /** Why the enrollment ended as it did, by its timeline; undefined: not explained. */
  explain: (enrollmentId: string) => string | undefined;
}

/** Judges what is left after a fault run; an empty list is what everybody wants. Pure. */
export function checkEnrollments(evidence: Evidence): Finding[] {
  const { facts, stories } = evidence;
  const storyOf = new Map(stories.map((story) => [story.enrollmentId, story]));
  const known = new Set(facts.map(({ id }) => id));
  const unknown = stories.filter(({ enrollmentId }) => !known.has(enrollmentId));
  return [
    ...unknown.map(({ enrollmentId }) => finding('lost', enrollmentId, 'the device was told of an enrollment that has no row')),
    ...signedWithoutIntent(evidence),
    ...facts.flatMap((one) => [
      ...checkEnd(one, evidence),
      ...checkCertificates(one, evidence),
      ...checkRun(one, evidence),
      ...checkDevice(one, storyOf.get(one.id)),
      ...checkExplained(one, evidence),
    ]),
  ];
}

function finding(rule: Rule, enrollmentId: string, text: string): Finding {
  return { rule, enrollmentId, text };
}

/** Every signature counts, also one whose process died before it stored it. */
function* signedWithoutIntent({ facts, signed }: Evidence): Generator<Finding> {
  const planned = new Set(facts.flatMap(({ intents }) => intents.filter(({ marked }) => marked).map(({ serial }) => serial)));
  for (const serial of signed) if (!planned.has(serial)) yield finding('doubled', '', `${serial} was signed without a marked intent`);
}

function* checkEnd(facts: EnrollmentFacts, { graceSeconds }: Evidence): Generator<Finding> {
  const { id, open, state, lateSeconds, sealedLeft, intents } = facts;
  if (open) yield finding('not-ended', id, `still ${state}`);
  if (open) return;
  if (lateSeconds !== null && lateSeconds > graceSeconds)
    yield finding('not-ended', id, `ended ${lateSeconds.toFixed(1)} s after its deadline`);
  if (sealedLeft) yield finding('sealed-key-left', id, `the sealed key is there although it is ${state}`);
  for (const { kind, status } of intents)
    if (status === 'open') yield finding('intent-open', id, `the ${kind} intent is neither issued nor burnt`);
}

function* checkCertificates({ id, state, open, intents, certificates, revoked }: EnrollmentFacts, { crl }: Evidence): Generator<Finding> {
  for (const kind of ['user', 'sdk']) {
    const active = certificates.filter((one) => one.kind === kind && one.status === 'active').length;
    if (active > 1 || (state === 'completed' && certificates.filter((one) => one.kind === kind).length !== 1))
      yield finding('doubled', id, `${certificates.length} certificates, ${active} active of kind ${kind}`);
    if (state !== 'completed' && active > 0)
      yield finding('doubled', id, `an active ${kind} certificate of an enrollment that is ${state}`);
  }
  // Superseded ones are revoked; nobody can use one that stayed pending.
  for (const { kind, status } of certificates)
    if (state === 'completed' && status === 'pending') yield finding('lost', id, `it is completed, and its ${kind} certificate pending`);
  const planned = new Set(intents.map(({ serial }) => serial));
  for (const { serial } of certificates) if (!planned.has(serial)) yield finding('unknown-certificate', id, `${serial} has no intent`);
  const ended = state !== 'completed' && !open;
  const mayExist = intents.filter(({ status, marked }) => marked && (ended || status === 'burnt'));
  const dead = certificates.filter(({ status }) => ended || status === 'revoked');
  for (const serial of new Set([...mayExist, ...dead].map((one) => one.serial))) {
    if (!revoked.includes(serial)) yield finding('not-on-crl', id, `${serial} may have been signed and is not revoked`);
    else if (!crl.has(serial)) yield finding('not-on-crl', id, `${serial} is revoked and not on the CRL`);
  }
}

function* checkRun({ id, state, open, intents }: EnrollmentFacts, { runs, terminated }: Evidence): Generator<Finding> {
  if (!runs.has(id) || open) return;
  const run = runs.get(id);
  if (run === undefined && state === 'completed') yield finding('run-disagrees', id, 'it is completed, and there is no run');
  if (run?.status === 'RUNNING') yield finding('run-disagrees', id, 'the row has ended, the run has not');
  else if (run !== undefined && run.status !== (terminated.has(id) ? 'TERMINATED' : 'COMPLETED'))
    yield finding('run-disagrees', id, `the run ended as ${run.status}`);
  if (run?.replayFault !== undefined) yield finding('run-disagrees', id, `its history does not replay: ${run.replayFault}`);
  const planned = new Set(intents.map(({ serial }) => serial));
  for (const serial of run?.serials ?? [])
    if (!planned.has(serial)) yield finding('unknown-certificate', id, `the history names ${serial}`);
}

function* checkDevice({ id, state, certificates }: EnrollmentFacts, story: DeviceStory | undefined): Generator<Finding> {
  if (story === undefined) return;
  for (const text of story.differences) yield finding('repetition-differs', id, text);
  for (const { sha256, serial } of story.certificates)
    if (!certificates.some((one) => one.sha256 === sha256))
      yield finding('unknown-certificate', id, `the device holds ${serial}, no row does`);
  if (story.outcome === 'stuck') yield finding('lost', id, `the device never got through: ${story.troubles.at(-1) ?? ''}`);
  if (story.outcome === 'ended' && (story.course !== 'cancel' || story.end !== CANCELLED))
    yield finding('lost', id, `its user wanted to ${story.course}, and it ended ${story.end ?? ''}`);
  if ((story.outcome === 'completed') !== (state === 'completed'))
    yield finding('lost', id, `the device says ${story.outcome} ${story.end ?? ''}, the row ${state}`);
  if (story.outcome === 'completed' && story.certificates.length !== 2)
    yield finding('doubled', id, `the device was given ${story.certificates.length} certificates`);
}

function* checkExplained(facts: EnrollmentFacts, { explain }: Evidence): Generator<Finding> {
  if (explain(facts.id) === undefined)
    yield finding('unexplained', facts.id, `nothing explains ${facts.state} (${facts.code ?? 'no code'})`);
}
