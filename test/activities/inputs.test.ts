import { beforeAll, describe, expect, it } from 'vitest';
import { RefusalInterceptor } from '../../activities/failure.ts';
import { type EnrollmentWorld, enrollmentWorld } from '../rig/enrollment-world.ts';
import { type RowStage, rowIn, snapshot } from '../rig/row-stages.ts';

let world: EnrollmentWorld;
let row: RowStage;
beforeAll(async () => {
  world = await enrollmentWorld();
  row = await rowIn(world, 'awaiting-ack');
});

const DIGEST = 'a'.repeat(64);
const ANOTHER = '01234567-89ab-4cde-8f01-23456789abcd';

/** An input with one thing wrong in each: what it is, the activity, the input, the member that the refusal names. */
const WRONG: readonly [what: string, activity: keyof EnrollmentWorld['activities'], input: (id: string) => unknown, member: string][] = [
  ['no input', 'readEnrollment', () => undefined, 'enrollmentId'],
  ['a clear payload, which decodes to a marker', 'issueCredentials', () => ({ clear: true }), 'enrollmentId'],
  ['an id in capitals', 'readEnrollment', (id) => ({ enrollmentId: id.toUpperCase() }), 'enrollmentId'],
  ['an id that is no text', 'issueCredentials', () => ({ enrollmentId: 7 }), 'enrollmentId'],
  ['null', 'endEnrollment', () => null, 'state'],
  ['a digest of another form', 'judgeCsr', (id) => ({ enrollmentId: id, digest: `${DIGEST}0` }), 'digest'],
  ['a proof without end', 'finalizeDelivery', (id) => ({ enrollmentId: id, proof: 'x'.repeat(5_000), updateId: 'u' }), 'proof'],
  ['an update id that is none', 'finalizeDelivery', (id) => ({ enrollmentId: id, proof: 'x', updateId: { a: 1 } }), 'updateId'],
  ['completion without a receipt', 'endEnrollment', (id) => ({ enrollmentId: id, state: 'completed' }), 'state'],
  ['an open state', 'endEnrollment', (id) => ({ enrollmentId: id, state: 'issuing', code: 'cancelled' }), 'state'],
  ['a name of every object', 'endEnrollment', (id) => ({ enrollmentId: id, state: 'constructor', code: 'x' }), 'state'],
  ['a code that is none', 'endEnrollment', (id) => ({ enrollmentId: id, state: 'failed', code: 'no-such-code' }), 'code'],
  ['the code of another state', 'endEnrollment', (id) => ({ enrollmentId: id, state: 'failed', code: 'cancelled' }), 'code'],
  [
    'a state to end from that is none',
    'endEnrollment',
    (id) => ({ enrollmentId: id, state: 'expired', code: 'deadline_ack', expected: 'completed' }),
    'expected',
  ],
];

/** As Temporal would call it: with whatever was decoded, through the interceptor of the workers. */
function call(activity: keyof EnrollmentWorld['activities'], input: unknown): Promise<unknown> {
  const run: unknown = Reflect.get(world.activities, activity);
  if (typeof run !== 'function') throw new Error('no activity');
  return new RefusalInterceptor().execute({ args: [input], headers: {} }, async ({ args }) => Reflect.apply(run, undefined, args));
}

describe('an activity', () => {
  it.each(WRONG)('refuses %s for good, names the member, and changes nothing', async (_what, activity, input, member) => {
    const before = await snapshot(world, row.id);
    const failure = await call(activity, input(row.id)).catch((error: unknown) => error);
    expect(failure).toMatchObject({
      type: 'invalid_body',
      nonRetryable: true,
      message: expect.stringMatching(new RegExp(`is not ours: ${member} must be .*Start it from the workflow\\.`)),
    });
    expect(await snapshot(world, row.id)).toEqual(before);
  });

  it('tells the id of an enrollment that is not there from one that is none', async () => {
    await expect(call('readEnrollment', { enrollmentId: ANOTHER })).rejects.toMatchObject({
      type: 'enrollment_not_found',
      nonRetryable: true,
    });
  });

  it('ends as the workflow, whatever actor the input names', async () => {
    const { id } = await rowIn(world, 'awaiting-pin');
    await call('endEnrollment', { enrollmentId: id, state: 'cancelled', code: 'cancelled', actor: 'operator:alice' });
    await call('endEnrollment', { enrollmentId: id, state: 'cancelled', code: 'cancelled', actor: 'operator:bob' });
    const ends = await world.db.audit.findMany({ where: { enrollmentId: id, action: 'enrollment.end' }, select: { actor: true } });
    expect(ends).toEqual([{ actor: 'workflow' }]);
  });
});
