import type { EnrollmentFacts } from './enrollment-facts.ts';

const STEPS = ['enrollment.create', 'pin.setup', 'pin.verify', 'csr.accept', 'csr.refuse', 'credentials.issue'];

/** The end of an enrollment told from its audit rows alone: created first, ended once and last, with the state and code of the row. */
export function explainByAudit({ state, code, audit }: EnrollmentFacts): string | undefined {
  const [first] = audit;
  const ends = audit.filter(({ action }) => action === 'enrollment.acknowledge' || action === 'enrollment.end');
  const [end] = ends;
  const inOrder =
    first?.action === 'enrollment.create' && ends.length === 1 && end !== undefined && end.outcome === state && end.code === code;
  // An end by the PIN guard is written in the transaction of the attempt, before the outcome of that attempt.
  const after = end === undefined ? [] : audit.slice(audit.indexOf(end) + 1);
  if (!inOrder || after.some(({ action }) => !action.startsWith('pin.'))) return undefined;
  const steps = audit.filter(({ action }) => STEPS.includes(action)).map(({ action, outcome }) => `${action} ${outcome}`);
  return [...steps, `${end.action} by ${end.actor}: ${state}${code === null ? '' : ` (${code})`}`].join(', ');
}
