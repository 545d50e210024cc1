import { isErrorCode } from '../../contract/error-codes.ts';
import { END_CODES } from '../../contract/states.ts';
import type { Timeline, TimelineStep } from '../../contract/timeline.ts';

/** Names that the service itself gives to what stands in a history. */
const MESSAGES = new Set(['pinSatisfied', 'pinLocked', 'rowChanged', 'submitCsr', 'acknowledge', 'cancel']);
const ACTIVITIES = new Set(['readEnrollment', 'judgeCsr', 'finalizeDelivery', 'endEnrollment', 'issueCredentials']);
const ENDS: ReadonlySet<string> = new Set(END_CODES);

/**
 * The timeline as it is signed: without the words of whoever may write to Temporal. Identities, reasons of terminations and cancellations,
 * and names that are none of ours are free text there; under the evidence key they would read as a statement of the service (ADR 38).
 * What stays of an event: when, its id, its kind, names and codes of closed lists. Steps of the audit stay as they are. Pure.
 */
export function signedForm(timeline: Timeline): Timeline {
  return { ...timeline, steps: timeline.steps.map((step) => (step.source === 'workflow' ? withoutFreeText(step) : step)) };
}

function withoutFreeText({ reason, ...step }: TimelineStep): TimelineStep {
  const actor = step.actor === 'workflow' || step.actor === 'temporal' ? step.actor : 'client';
  const known = reason !== undefined && (isErrorCode(reason) || ENDS.has(reason));
  return { ...step, actor, what: ownName(step.what), ...(known ? { reason } : {}) };
}

function ownName(what: string): string {
  const [, kind, name = ''] = /^(signal|update|local activity|activity) ([\s\S]*)$/.exec(what) ?? [];
  if (kind === undefined) return what;
  const ours = kind === 'signal' || kind === 'update' ? MESSAGES : ACTIVITIES;
  return ours.has(name) ? what : `${kind} of another name`;
}
