import type { PinAnswer } from './pin-caller.ts';
import { entry, openEnrollments, type PinWorld, userWithPin } from './pin-world.ts';

export interface AttackResult {
  readonly guesses: number;
  readonly enrollments: number;
  readonly seconds: number;
  /** By the counters of the processes: how many entries met Argon2. */
  readonly evaluated: number;
  /** By the rows: attempts that were charged, and the counter of the user. */
  readonly charged: number;
  readonly failed: number;
  /** Calls by status and code; `503` counts the repetitions. */
  readonly answers: Readonly<Record<string, number>>;
  readonly rightAnswer: PinAnswer | undefined;
}

/**
 * All guesses at once against one user, over many enrollments of the user and all processes, each with an attempt id of its own. With
 * `right` one of them, somewhere in the middle of the crowd, is the right PIN.
 */
export async function attack(
  world: PinWorld,
  { guesses, enrollments, right }: { guesses: number; enrollments: number; right: boolean },
): Promise<AttackResult> {
  const user = await userWithPin(world);
  const open = await openEnrollments(world, user.userId, enrollments);
  const before = await evaluations(world);
  const begun = performance.now();
  const answers = await Promise.all(
    Array.from({ length: guesses }, (_, n) => {
      const at = open[n % open.length];
      if (at === undefined) throw new Error('an attack needs an enrollment');
      const isRight = right && n === Math.floor(guesses / 2);
      return world.caller(Math.floor(n / open.length) + n).put(at, isRight ? entry('verify', user.right) : entry('verify'));
    }),
  );
  const seconds = (performance.now() - begun) / 1_000;
  return {
    guesses,
    enrollments,
    seconds,
    evaluated: (await evaluations(world)) - before,
    ...(await counted(world, user.userId)),
    answers: histogram(answers),
    rightAnswer: right ? answers[Math.floor(guesses / 2)] : undefined,
  };
}

async function evaluations({ processes }: PinWorld): Promise<number> {
  const counts = await Promise.all(processes.map((one) => one.evaluations()));
  return counts.reduce((sum, count) => sum + count, 0);
}

async function counted({ query }: PinWorld, userId: string): Promise<Pick<AttackResult, 'charged' | 'failed'>> {
  const [row] = await query<{ charged: number; failed: number }>(
    `SELECT (SELECT count(*)::int FROM pin_attempt a JOIN enrollment e ON e.id = a.enrollment_id
             WHERE e.user_id = p.user_id AND a.mode = 'verify') AS charged, p.failed FROM user_pin p WHERE p.user_id = $1`,
    userId,
  );
  if (row === undefined) throw new Error('the user has lost the PIN');
  return row;
}

function histogram(answers: readonly PinAnswer[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { status, code } of answers) counts[`${status} ${code}`] = (counts[`${status} ${code}`] ?? 0) + 1;
  const repeated = answers.reduce((sum, one) => sum + one.repeated, 0);
  return repeated === 0 ? counts : { ...counts, '503 repeated': repeated };
}
