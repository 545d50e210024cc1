import { assertNever, deadlineCode, isOpen, STATES } from '../../contract/states.ts';
import type { Timeline, TimelineStep } from '../../contract/timeline.ts';

export type Explanation = { readonly explained: true; readonly because: string } | { readonly explained: false; readonly missing: string };

/** Clocks of database and Temporal, and a timer that was set in whole seconds. */
const TOLERANCE_MS = 2_000;

/**
 * Explains from the timeline alone why an enrollment stands as it does: for each end the steps that must have led there. What is missing is
 * a sentence for whoever looks into it. Pure.
 */
export function explainEnd(timeline: Timeline): Explanation {
  const { state } = timeline;
  if (isOpen(state)) return no(`It has not ended: ${state}, its deadline is ${timeline.deadline}.`);
  if (state === 'completed') return explainCompleted(timeline);
  const end = last(timeline, (step) => own(step) && step.what === 'enrollment.end');
  if (end === undefined) return no('There is no step enrollment.end.');
  if (end.outcome !== state || end.reason !== timeline.code) return no(`The step enrollment.end says ${end.outcome} (${end.reason}).`);
  const effects = explainEffects(timeline, end);
  return effects ?? explainCode(timeline, end);
}

/** Every step of the way, in the order in which they must come. */
function explainCompleted(timeline: Timeline): Explanation {
  const way: [string, (step: TimelineStep) => boolean][] = [
    ['enrollment.create', (step) => step.what === 'enrollment.create'],
    ['a satisfied or waived PIN', (step) => pinDone(step)],
    ['csr.accept', (step) => step.what === 'csr.accept'],
    ['credentials.intend', (step) => step.what === 'credentials.intend'],
    ['credentials.sign', (step) => step.what === 'credentials.sign'],
    ['credentials.issue', (step) => step.what === 'credentials.issue'],
    ['credentials.deliver', (step) => step.what === 'credentials.deliver'],
    ['enrollment.acknowledge', (step) => step.what === 'enrollment.acknowledge' && step.outcome === 'completed'],
  ];
  const steps = timeline.steps.filter(own);
  let from = 0;
  for (const [name, fits] of way) {
    // The waiver stands in the creation itself.
    const at = steps.findIndex((step, index) => index >= from - 1 && fits(step));
    if (at < 0) return no(`There is no ${name} after the step before it.`);
    from = at + 1;
  }
  if (!steps.some(({ what }) => what === 'sealed-key.erase')) return no('There is no step sealed-key.erase.');
  const issued = steps.filter(({ what }) => what === 'credentials.issue').length;
  if (issued !== 1) return no(`The credentials were issued ${issued} times.`);
  return yes('the PIN was satisfied, the CSR accepted, the credentials issued once and delivered, and the device acknowledged them');
}

function pinDone({ what, outcome, audit }: TimelineStep): boolean {
  if (what === 'enrollment.create') return audit?.detail['pinWaived'] === true;
  return (what === 'pin.setup' || what === 'pin.verify') && outcome === 'satisfied';
}

/** What an end owes: a sealed key is erased, and what may have been signed is revoked. */
function explainEffects(timeline: Timeline, end: TimelineStep): Explanation | undefined {
  const has = (what: string) => timeline.steps.some((step) => own(step) && step.what === what);
  if (has('credentials.intend') && !has('sealed-key.erase')) return no('A sealed key was made and there is no step sealed-key.erase.');
  const left = serialsOf(timeline, 'credentials.sign').filter((serial) => !serialsOf(timeline, 'certificates.revoke').includes(serial));
  if (left.length > 0) return no(`${left.join(', ')} may have been signed before ${end.at}, and no step certificates.revoke names it.`);
  return undefined;
}

/** Of a list, or by kind. */
function serialsOf({ steps }: Timeline, what: string): unknown[] {
  return steps.flatMap((step) => {
    const serials = own(step) && step.what === what ? step.audit?.detail['serials'] : undefined;
    return typeof serials === 'object' && serials !== null ? Object.values<unknown>({ ...serials }) : [];
  });
}

function explainCode(timeline: Timeline, end: TimelineStep): Explanation {
  const { code = '' } = timeline;
  switch (code) {
    case 'deadline_pin':
    case 'deadline_csr':
    case 'deadline_issuing':
    case 'deadline_ack':
      return explainDeadline(timeline, end, code);
    case 'superseded':
      return explainSuperseded(timeline, end);
    case 'cancelled':
      return explainCancelled(timeline, end);
    case 'pin_attempts_exceeded':
    case 'pin_locked':
      return explainPin(timeline, end, code);
    case 'pin_reset':
      return explainPinReset(timeline, end);
    case 'csr_attempts_exceeded':
      return needs(timeline, 'csr.refuse', (step) => step.audit?.detail['attemptsLeft'] === 0, 'the last allowed CSR was refused');
    case 'issuing_refused':
    case 'issuer_unavailable':
      return needs(timeline, 'credentials.refuse', ({ outcome }) => outcome === code, `issuing was refused for good: ${code}`);
    default:
      return no(`The code ${code} is none that ends an enrollment.`);
  }
}

/** It stood in that stage, and either the time was over by the row, or the run's own timer fired. */
function explainDeadline(timeline: Timeline, end: TimelineStep, code: string): Explanation {
  const from = STATES.find((state) => state === end.audit?.detail['from']);
  if (from === undefined || !isOpen(from) || deadlineCode(from) !== code) return no(`It ended from ${String(from)} with the code ${code}.`);
  const due = Date.parse(timeline.deadline);
  if (Date.parse(end.at) >= due - TOLERANCE_MS)
    return yes(`it stood in ${from} until its deadline ${timeline.deadline}; ended by ${end.actor}`);
  const fired = timeline.steps.some(({ what, outcome }) => what.startsWith('timer') && outcome === 'fired');
  const gaveUp = timeline.steps.some(
    ({ what, outcome }) => what === 'activity issueCredentials' && (outcome === 'failed' || outcome === 'timed out'),
  );
  if (end.actor === 'workflow' && (fired || gaveUp)) return yes(`it stood in ${from} until the workflow's own time for it was over`);
  return no(`It ended at ${end.at}, before its deadline ${timeline.deadline}, and no timer of the workflow fired.`);
}

function explainSuperseded({ enrollmentId, steps }: Timeline, end: TimelineStep): Explanation {
  const newer = steps.find(({ what, audit }) => what === 'enrollment.create' && audit?.detail['supersedes'] === enrollmentId);
  if (newer === undefined) return no('There is no creation that superseded it.');
  return yes(`${end.actor} created enrollment ${newer.audit?.enrollmentId} for the same device`);
}

/**
 * Whoever asked. An end by the run says `workflow`: who asked the API has a row of its own, and a message to the run has a step without a
 * proven name. The row to the API stays when Temporal loses the message after the run had acted on it.
 */
function explainCancelled(timeline: Timeline, end: TimelineStep): Explanation {
  if (end.actor.startsWith('operator:')) return yes(`${end.actor} cancelled it`);
  if (end.actor !== 'workflow') return explainNamedByRun(timeline, end);
  const request = timeline.steps.findLast((step) => own(step) && step.what === 'enrollment.cancel');
  if (request !== undefined) return yes(`${request.actor} asked for it, and the workflow cancelled it`);
  if (timeline.history === 'read' && !wasAskedOfRun(timeline)) return no('The workflow cancelled it, and there is no request.');
  return yes('it was cancelled through Temporal');
}

function wasAskedOfRun({ steps }: Timeline): boolean {
  return steps.some(({ what }) => what === 'update cancel' || what === 'cancellation requested');
}

/** Rows of the version before said what the message said. */
function explainNamedByRun(timeline: Timeline, { actor }: TimelineStep): Explanation {
  if (!['device', 'token-service', 'operator'].includes(actor)) return no(`The actor ${actor} cancels nothing.`);
  const toApi = timeline.steps.some((step) => own(step) && step.what === 'enrollment.cancel' && step.actor.split(':')[0] === actor);
  if (timeline.history === 'read' && !wasAskedOfRun(timeline) && !toApi)
    return no(`The ${actor} is said to have cancelled it, and there is no request.`);
  return yes(`the ${actor} cancelled it`);
}

function explainPin(timeline: Timeline, end: TimelineStep, code: 'pin_attempts_exceeded' | 'pin_locked'): Explanation {
  if (!end.actor.startsWith('pin-guard:')) return no(`The PIN guard ends enrollments with ${code}, not ${end.actor}.`);
  switch (code) {
    case 'pin_locked':
      return needs(timeline, 'pin.', ({ outcome }) => outcome === 'pin_locked', 'an attempt met or caused the lock of the PIN');
    case 'pin_attempts_exceeded':
      return needs(timeline, 'pin.charge', () => true, 'every attempt that one enrollment may have was charged without success');
    default:
      return assertNever(code);
  }
}

/** Whoever reset the PIN ended it; the guard does, of one that a reset has not come to yet. */
function explainPinReset({ steps }: Timeline, { actor }: TimelineStep): Explanation {
  const byGuard = actor.startsWith('pin-guard:');
  const reset = steps.find((step) => own(step) && step.what === 'pin.reset' && (byGuard || step.actor === actor));
  return reset === undefined ? no(`There is no step pin.reset by ${actor}.`) : yes(`${reset.actor} reset the PIN of its user`);
}

function needs(timeline: Timeline, what: string, fits: (step: TimelineStep) => boolean, because: string): Explanation {
  const found = timeline.steps.some((step) => own(step) && step.what.startsWith(what) && fits(step));
  return found ? yes(because) : no(`There is no step ${what} that would lead there.`);
}

/** Rows of the enrollment itself, not of its successor or its user. */
function own({ source, audit }: TimelineStep): boolean {
  return source === 'audit' && audit?.enrollmentId === undefined;
}

function last({ steps }: Timeline, fits: (step: TimelineStep) => boolean): TimelineStep | undefined {
  return steps.findLast(fits);
}

function yes(because: string): Explanation {
  return { explained: true, because };
}

function no(missing: string): Explanation {
  return { explained: false, missing };
}
