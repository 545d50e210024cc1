import type { PointResult } from './run-points.ts';
import type { FaultSummary, Phase } from './summary.ts';

/** One line a run, as it comes in. */
export function resultLine(
  number: number,
  of: number,
  { point, process, fault, reached, stories, recoveryMs, throughMs, readyMs, findings }: PointResult,
): string {
  const place = `${point} (${process})`.padEnd(32);
  const devices = stories.map(({ outcome, end }) => `${outcome}${end === undefined ? '' : ` ${end}`}`).join(', ');
  const verdict = !reached ? 'NOT REACHED' : findings.length === 0 ? 'ok' : findings.map(({ rule, text }) => `${rule}: ${text}`).join('; ');
  return `${String(number).padStart(4)}/${of} ${place} ${fault.padEnd(18)} next answer ${ms(recoveryMs)}, through ${ms(throughMs)}, ready ${ms(readyMs)}  ${devices}  ${verdict}`;
}

function ms(value: number | undefined): string {
  return value === undefined ? '      –' : `${String(value).padStart(6)} ms`;
}

export function printSummary(summary: FaultSummary): void {
  const { points, random, findings, restarts, ownEnds, seconds, seed } = summary;
  console.log(
    `\n${row('', 'runs', 'faults', 'devices', 'enrolled', 'doubled', 'lost', 'unexplained', 'other', 'slowest recovery', 'median')}`,
  );
  if (points !== undefined) console.log(phaseRow('named points', points));
  if (random !== undefined) console.log(phaseRow(`random (seed ${seed})`, random));
  const started = Object.entries(restarts).map(([part, times]) => `${part} ${times}`);
  console.log(`\nrestarted by the supervisor: ${started.join(', ')}; ended by themselves: ${ownEnds.length}; in all ${seconds} s`);
  for (const phase of [points, random])
    if (phase !== undefined && phase.notReached + phase.manualRestarts > 0)
      console.log(`points not reached: ${phase.notReached}; processes that would need a restart by hand: ${phase.manualRestarts}`);
  for (const { rule, enrollmentId, text } of findings) console.log(`  ${rule}  ${enrollmentId}  ${text}`);
}

function phaseRow(name: string, phase: Phase): string {
  const { runs, faults, completed, enrollments, wanted, doubled, lost, unexplained, other, slowestRecoveryMs, medianRecoveryMs } = phase;
  return row(
    name,
    String(runs),
    String(faults),
    String(enrollments),
    `${completed} of ${wanted}`,
    String(doubled),
    String(lost),
    String(unexplained),
    String(other),
    `${slowestRecoveryMs} ms`,
    `${medianRecoveryMs} ms`,
  );
}

function row(name: string, ...cells: string[]): string {
  return `  ${name.padEnd(18)}${cells.map((cell) => cell.padStart(Math.max(12, cell.length + 2))).join('')}`;
}
