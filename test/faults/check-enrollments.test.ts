import { describe, expect, test } from 'vitest';
import { CANCELLED, checkEnrollments, type Evidence, RULES, type Rule } from '../../fault-runs/check-enrollments.ts';
import type { DeviceStory } from '../../fault-runs/device-story.ts';
import type { EnrollmentFacts } from '../../fault-runs/enrollment-facts.ts';

/** A checker that finds nothing proves nothing: each rule is broken once here. */
const ID = '00000000-0000-4000-8000-000000000001';
const SERIALS = { user: `4${'1'.repeat(31)}`, sdk: `5${'2'.repeat(31)}` };

function completed(changes: Partial<EnrollmentFacts> = {}): EnrollmentFacts {
  const kinds = ['user', 'sdk'] as const;
  return {
    id: ID,
    state: 'completed',
    code: null,
    open: false,
    lateSeconds: -100,
    sealedLeft: false,
    intents: kinds.map((kind) => ({ kind, serial: SERIALS[kind], status: 'issued', marked: true })),
    certificates: kinds.map((kind) => ({ kind, serial: SERIALS[kind], status: 'active', sha256: `sha-${kind}` })),
    revoked: [],
    ...changes,
  };
}

/** Ended while it was issued: both signatures may exist. */
function cancelled(changes: Partial<EnrollmentFacts> = {}): EnrollmentFacts {
  const { intents } = completed();
  return completed({
    state: 'cancelled',
    code: 'cancelled',
    intents: intents.map((intent) => ({ ...intent, status: 'burnt' })),
    certificates: [],
    revoked: Object.values(SERIALS),
    ...changes,
  });
}

function story(changes: Partial<DeviceStory> = {}): DeviceStory {
  return {
    enrollmentId: ID,
    course: 'complete',
    outcome: 'completed',
    certificates: [
      { sha256: 'sha-user', serial: SERIALS.user },
      { sha256: 'sha-sdk', serial: SERIALS.sdk },
    ],
    differences: [],
    troubles: [],
    answeredAt: [],
    ...changes,
  };
}

function evidence(facts: EnrollmentFacts, changes: Partial<Evidence> = {}): Evidence {
  const signed = new Set(Object.values(SERIALS));
  const crl = new Set(facts.revoked);
  return {
    facts: [facts],
    stories: [],
    runs: new Map([[ID, { status: 'COMPLETED', serials: [] }]]),
    crl,
    signed,
    graceSeconds: 15,
    terminated: new Set(),
    explain: () => 'told by the timeline',
    ...changes,
  };
}

const gone = story({ outcome: 'ended', certificates: [] });

const BROKEN: readonly [Rule, string, Evidence][] = [
  [
    'doubled',
    'a signature without a marked intent',
    evidence(completed(), { signed: new Set([...Object.values(SERIALS), '6f'.repeat(16)]) }),
  ],
  [
    'doubled',
    'two certificates of one kind',
    evidence(
      completed({ certificates: [...completed().certificates, { kind: 'user', serial: SERIALS.user, status: 'active', sha256: 'x' }] }),
    ),
  ],
  ['doubled', 'an active certificate of a cancelled one', evidence(cancelled({ certificates: completed().certificates }))],
  ['lost', 'the device has no certificates, the row says completed', evidence(completed(), { stories: [gone] })],
  ['lost', 'the device has certificates, the row was cancelled', evidence(cancelled(), { stories: [story()] })],
  ['lost', 'a user who went on to the end was told of another one', evidence(cancelled(), { stories: [gone] })],
  ['lost', 'a device that never got through', evidence(completed(), { stories: [story({ outcome: 'stuck' })] })],
  ['lost', 'an enrollment without a row', evidence(completed(), { stories: [story({ enrollmentId: 'nobody' })] })],
  [
    'lost',
    'a device whose user would have cancelled later',
    evidence(cancelled(), {
      stories: [story({ course: 'cancel', outcome: 'ended', end: 'expired (deadline_issuing)', certificates: [] })],
    }),
  ],
  [
    'lost',
    'completed, its certificates pending',
    evidence(completed({ certificates: completed().certificates.map((one) => ({ ...one, status: 'pending' })) })),
  ],
  [
    'not-on-crl',
    'ended, with certificates that nobody revoked',
    evidence(
      cancelled({
        intents: completed().intents,
        certificates: completed().certificates.map((one) => ({ ...one, status: 'pending' })),
        revoked: [],
      }),
    ),
  ],
  ['run-disagrees', 'completed without a run', evidence(completed(), { runs: new Map([[ID, undefined]]) })],
  [
    'run-disagrees',
    'a run that the service gave up on',
    evidence(completed(), { runs: new Map([[ID, { status: 'TERMINATED', serials: [] }]]) }),
  ],
  ['unexplained', 'a timeline that has no answer', evidence(completed(), { explain: () => undefined })],
  [
    'intent-open',
    'an intent that nobody closed',
    evidence(cancelled({ intents: cancelled().intents.map((intent) => ({ ...intent, status: 'open' })) })),
  ],
  ['not-on-crl', 'burnt with a mark and not revoked', evidence(cancelled({ revoked: [] }))],
  ['not-on-crl', 'revoked and not on the CRL', evidence(cancelled(), { crl: new Set() })],
  ['unknown-certificate', 'a certificate without an intent', evidence(completed({ intents: [] }))],
  [
    'unknown-certificate',
    'the device holds one that no row knows',
    evidence(completed(), { stories: [story({ certificates: [{ sha256: 'other', serial: 'x' }] })] }),
  ],
  [
    'unknown-certificate',
    'the history names a serial that was never planned',
    evidence(completed(), { runs: new Map([[ID, { status: 'COMPLETED', serials: ['6f'.repeat(16)] }]]) }),
  ],
  [
    'repetition-differs',
    'two answers differ',
    evidence(completed(), { stories: [story({ differences: ['credentials: two answers differ'] })] }),
  ],
  ['not-ended', 'still open', evidence(completed({ open: true, state: 'awaiting-ack' }))],
  ['not-ended', 'ended long after its deadline', evidence(cancelled({ lateSeconds: 60 }))],
  ['sealed-key-left', 'the sealed key is still there', evidence(cancelled({ sealedLeft: true }))],
  [
    'run-disagrees',
    'a history that does not replay',
    evidence(completed(), { runs: new Map([[ID, { status: 'COMPLETED', serials: [], replayFault: 'nondeterminism' }]]) }),
  ],
  ['run-disagrees', 'the run goes on', evidence(completed(), { runs: new Map([[ID, { status: 'RUNNING', serials: [] }]]) })],
];

describe('the checker of the fault runs', () => {
  test('finds nothing where nothing is wrong', () => {
    expect(checkEnrollments(evidence(completed(), { stories: [story()] }))).toEqual([]);
    const asWished = story({ course: 'cancel', outcome: 'ended', end: CANCELLED, certificates: [] });
    expect(checkEnrollments(evidence(cancelled(), { stories: [asWished] }))).toEqual([]);
  });

  test.each(BROKEN)('%s: %s', (rule, _what, broken) => {
    expect(checkEnrollments(broken).map((found) => found.rule)).toContain(rule);
  });

  test('each rule is broken by one of these cases', () => {
    expect(new Set(BROKEN.map(([rule]) => rule))).toEqual(new Set(RULES));
  });
});
