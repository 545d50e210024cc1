import { isOpen } from '../../contract/states.ts';
import type { Timeline, TimelineStep } from '../../contract/timeline.ts';
import { explainEnd } from '../../core/timeline/explain-end.ts';
import { visibleText } from '../visible-text.ts';

/** The story for a terminal: one line a step, with the time since the step before. */
export function renderTimeline(timeline: Timeline): string {
  const { enrollmentId, state, code, createdAt, endedAt, deadline, history } = timeline;
  return [
    `enrollment ${enrollmentId}  ${state}${code === undefined ? '' : ` (${code})`}`,
    `  created ${createdAt}  ${endedAt === undefined ? `deadline ${deadline}` : `ended ${endedAt}`}`,
    ...(history === 'read' ? [] : [`  ${HISTORY[history]}`]),
    '',
    ...timeline.steps.map((step) => visibleText(line(step))),
    '',
    visibleText(conclusion(timeline)),
  ].join('\n');
}

function conclusion(timeline: Timeline): string {
  if (isOpen(timeline.state)) return `Still open: ${timeline.state} until ${timeline.deadline}.`;
  const explanation = explainEnd(timeline);
  return explanation.explained ? `Why: ${explanation.because}.` : `Not explained: ${explanation.missing}`;
}

const HISTORY = {
  none: 'Temporal knows no run of it.',
  unavailable: 'Temporal did not answer: this is the audit alone.',
};

function line({ at, sinceMs, source, actor, what, outcome, reason, event, audit }: TimelineStep): string {
  const other = audit?.enrollmentId === undefined ? '' : ` of ${audit.enrollmentId}`;
  const attempt = event?.attempt === undefined || event.attempt < 2 ? '' : ` attempt ${event.attempt}`;
  const why = reason === undefined ? '' : `: ${reason}`;
  const how = outcome === undefined || outcome === '' ? '' : ` → ${outcome}`;
  return `${at}  ${latency(sinceMs).padStart(9)}  ${source === 'audit' ? '■' : '·'} ${what}${other}${attempt}${how}${why}  (${actor})`;
}

function latency(ms: number): string {
  if (ms < 10_000) return `+${ms} ms`;
  return ms < 600_000 ? `+${(ms / 1_000).toFixed(1)} s` : `+${(ms / 60_000).toFixed(1)} min`;
}
