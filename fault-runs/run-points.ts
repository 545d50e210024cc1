import type { FaultPoint } from '../faults/fault-points.ts';
import type { Finding } from './check-enrollments.ts';
import type { Ground } from './device-story.ts';
import { readAllIds } from './enrollment-facts.ts';
import type { FaultyStack } from './faulty-stack.ts';
import type { Fault } from './inflict-fault.ts';
import { pointScenes } from './point-scenes.ts';
import { type PointReport, type PointRun, runAtPoint } from './run-at-point.ts';
import { settleAndCheck } from './settle-and-check.ts';

/** One run at one point, judged. */
export interface PointResult extends PointReport {
  findings: Finding[];
}

/** Every point with every process that reaches it and every fault, one run after the other on one stack. */
export function pointRuns(points: readonly FaultPoint[], faults: readonly Fault[]): PointRun[] {
  const scenes = pointScenes().filter(({ point }) => points.includes(point));
  return scenes.flatMap((scene) => faults.map((fault) => ({ ...scene, fault })));
}

export async function runPoints(
  stack: FaultyStack,
  ground: Ground,
  runs: readonly PointRun[],
  tell: (result: PointResult) => void,
): Promise<PointResult[]> {
  const results: PointResult[] = [];
  for (const run of runs) {
    const earlier = new Set(await readAllIds(stack));
    const report = await runAtPoint(stack, ground, run);
    const told = report.stories.map(({ enrollmentId }) => enrollmentId);
    // Also an enrollment of which no device ever heard.
    const ids = [...new Set([...told, ...(await readAllIds(stack))])].filter((id) => !earlier.has(id));
    const terminated = new Set(run.scene === 'lost-run' ? told : []);
    const result = { ...report, findings: await settleAndCheck(stack, ids, report.stories, terminated) };
    tell(result);
    results.push(result);
  }
  return results;
}
