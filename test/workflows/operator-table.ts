/*
 * What an operator's action does in each state (protocol §8). The one source: the tests of operator-actions.test.ts play every cell,
 * and docs/operator-actions.md is rendered from here (a test compares; UPDATE_DOCS=1 writes it).
 */

export const STANDS = ['awaiting-pin', 'awaiting-csr', 'issuing', 'awaiting-ack', 'completed', 'cancelled'] as const;
export type Stand = (typeof STANDS)[number];
/** The columns; `cancelled` stands for every end other than `completed`. */
const COLUMN_TITLES: Record<Stand, string> = {
  'awaiting-pin': 'awaiting-pin',
  'awaiting-csr': 'awaiting-csr',
  issuing: 'issuing',
  'awaiting-ack': 'awaiting-ack',
  completed: 'completed',
  cancelled: 'other end',
};

export const OUTCOMES = {
  cancelled: 'The row ends as `cancelled`, the run with it: sealed key erased, what may have been signed revoked, CRL due.',
  'pin-reset':
    'The row ends as `cancelled` with the code `pin_reset`, as every open one of the user; the run is woken and ends with it: sealed key erased, what may have been signed revoked, CRL due.',
  'pin-reset-while-issuing':
    'The row ends in the same way at once, and nothing more is issued. Its run looks when the issuance worker answers, with the next update, or at its deadline.',
  'goes-on': 'Nothing changes; the enrollment goes on and can be completed.',
  refused: 'The update is refused as `invalid_body`; nothing changes, the enrollment goes on and can be completed.',
  swept:
    'The run is gone, the row stays; calls that need the run get 503 `workflow_unavailable`. Past the deadline of the stage (and 2 min of grace) the sweeper ends the row as `expired` with the same compensation.',
  'goes-on-anew':
    'A new run reads the row and goes on where it stands; the stage has its full time again for the run, the row keeps its deadline for the sweeper.',
  'ends-anew': 'A new run reads the row, finds its end and closes with that state. The row does not change.',
  'second-run':
    'A second run reads the same row and follows it; each step has one effect, whichever run takes it. Nothing is issued twice.',
  'already-runs': 'Temporal refuses: a run with this id is open. Nothing changes; the enrollment goes on and can be completed.',
  unknown:
    'The run knows no such message: a signal is never read, an update is refused. Nothing changes; the enrollment goes on and can be completed.',
  'fails-at-once': 'The new run fails with `invalid_body`; it read and wrote nothing.',
  ignored: 'Temporal takes the request and drops it, because the run is closed. The row does not change.',
  untouched: 'It had ended before, and stays as it is: certificates of a completed one too.',
  'no-run': 'Temporal answers that the run is closed. The row does not change.',
} as const;
export type Outcome = keyof typeof OUTCOMES;

const LIVE = ['awaiting-pin', 'awaiting-csr', 'issuing', 'awaiting-ack'] as const;

export const ACTIONS = {
  'request-cancellation': { title: 'Request Cancellation', cells: row('cancelled', 'ignored') },
  'request-cancellation-twice': { title: 'Request Cancellation, twice', cells: row('cancelled', 'ignored') },
  'update-cancel': { title: 'Update `cancel` (without input, or with any encoded `by`)', cells: row('cancelled', 'no-run') },
  'pin-reset': {
    title: 'PIN reset of the user: `cs operator reset-pin`, or the Token Service (no action of the Temporal UI)',
    cells: { ...row('pin-reset', 'untouched'), issuing: 'pin-reset-while-issuing' },
  },
  terminate: { title: 'Terminate', cells: row('swept', 'no-run') },
  reset: { title: 'Reset to the first workflow task', cells: row('goes-on-anew', 'ends-anew') },
  'reset-last': { title: 'Reset to the last workflow task', cells: row('goes-on-anew', 'ends-anew') },
  'signal-pinSatisfied': { title: 'Signal `pinSatisfied` by hand', cells: row('goes-on', 'no-run') },
  'signal-pinLocked': { title: 'Signal `pinLocked` by hand', cells: row('goes-on', 'no-run') },
  'signal-rowChanged': { title: 'Signal `rowChanged` by hand', cells: row('goes-on', 'no-run') },
  'signal-clear': { title: 'Any signal with a clear payload', cells: row('goes-on', 'no-run') },
  'update-submitCsr-clear': { title: 'Update `submitCsr` with a clear payload', cells: row('refused', 'no-run') },
  'update-acknowledge-clear': { title: 'Update `acknowledge` with a clear payload', cells: row('refused', 'no-run') },
  'update-cancel-clear': { title: 'Update `cancel` with a clear payload', cells: row('refused', 'no-run') },
  'signal-unknown': { title: 'A signal of any other name', cells: row('unknown', 'no-run') },
  'update-unknown': { title: 'An update of any other name', cells: row('unknown', 'no-run') },
  'start-same-id': {
    title: 'Start with the workflow id of the enrollment by hand, encoded input',
    cells: row('already-runs', 'ends-anew'),
  },
  'start-by-hand': { title: 'Start of a workflow `enrollment` for the row by hand, encoded input', cells: row('second-run', 'ends-anew') },
  'start-by-hand-clear': { title: 'Start of a workflow `enrollment` by hand, clear input', cells: row('fails-at-once', 'fails-at-once') },
} as const satisfies Record<string, { title: string; cells: Record<Stand, Outcome> }>;
export type Action = keyof typeof ACTIONS;

function row<Open extends Outcome, Ended extends Outcome>(
  open: Open,
  ended: Ended,
): Record<(typeof LIVE)[number], Open> & Record<'completed' | 'cancelled', Ended> {
  return { 'awaiting-pin': open, 'awaiting-csr': open, issuing: open, 'awaiting-ack': open, completed: ended, cancelled: ended };
}

/** The page for operators, Markdown. */
export function operatorActionsPage(): string {
  const head = ['Action', ...STANDS.map((stand) => `\`${COLUMN_TITLES[stand]}\``.replace('`other end`', 'other end'))];
  const lines = Object.values(ACTIONS).map(({ title, cells }) => [title, ...STANDS.map((stand) => `[${cells[stand]}](#${cells[stand]})`)]);
  const table = [head, head.map(() => '---'), ...lines].map((columns) => `| ${columns.join(' | ')} |`);
  const outcomes = Object.entries(OUTCOMES).map(([name, sentence]) => `### ${name}\n\n${sentence}\n`);
  return [...INTRODUCTION, ...table, '', '## Outcomes', '', outcomes.join('\n')].join('\n');
}

const INTRODUCTION = [
  '# What an action in the Temporal UI does',
  '',
  'The `enrollment` row is the authority for state; a run keeps time and order. So nothing that is done to a run by hand can issue, complete or',
  'keep alive what the row does not allow. Each cell of this table is a test (`test/workflows/operator-actions.test.ts`); this page is rendered',
  'from the same data (`test/workflows/operator-table.ts`).',
  '',
  'To end an enrollment use Request Cancellation or the update `cancel`. Terminate only a run that does not react: its row, and a sealed key in',
  'it, then stay until the sweeper comes.',
  '',
  'The UI of docker-compose.yml only shows (`disableWriteActions`): Temporal would not know who asked. There `cs operator cancel` ends an',
  'enrollment, with a name in the audit; this page is for who has the `temporal` command and a client certificate, and for development.',
  '',
];
