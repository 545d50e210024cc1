import { assertNever, type OpenState, type State } from '../contract/states.ts';
import { openStage, type Progress, stageBudgetMs } from './progress.ts';

/** Hard line breaks (CommonMark §6.7): a list takes more room than the UI gives. */
const LINE_BREAK = '  \n';
/** The UI (2.42) makes the frame half a line too low; an empty paragraph lifts the last line into it. */
const ROOM_BELOW = '\n\n\u00a0';

/** Whose turn it is in a state. */
export function waitingFor(state: State): 'device' | 'service' | 'nobody' {
  switch (state) {
    case 'awaiting-pin':
    case 'awaiting-csr':
    case 'awaiting-ack':
      return 'device';
    case 'issuing':
      return 'service';
    default:
      return 'nobody';
  }
}

/** Five lines for whoever opens this run in the Temporal UI: stage, waiting for whom, since, deadline, what to do. Markdown. */
export function operatorCard(progress: Progress): string {
  const stage = openStage(progress);
  return stage === undefined ? endCard(progress) : openCard(progress, stage);
}

function openCard(progress: Progress, stage: OpenState): string {
  const deadline = progress.stageSince + stageBudgetMs(progress, stage);
  return (
    [
      `**${STORIES[stage].title}** (\`${stage}\`)`,
      `Waiting for: ${STORIES[stage].waiting}`,
      `Since: ${instant(progress.stageSince)}`,
      `Until: ${instant(deadline)}, then it ends by itself as \`expired\``,
      `What to do: ${STORIES[stage].advice}`,
    ].join(LINE_BREAK) + ROOM_BELOW
  );
}

function endCard({ state, code, stageSince }: Progress): string {
  return (
    [
      `**Ended as \`${state ?? 'unknown'}\`**${code === undefined || code === state ? '' : ` because of \`${code}\``}`,
      'Waiting for: nobody',
      `Since: ${instant(stageSince)}`,
      'Until: this is final',
      `What to do: ${afterTheEnd(state, code)}`,
    ].join(LINE_BREAK) + ROOM_BELOW
  );
}

function afterTheEnd(state: Progress['state'], code: Progress['code']): string {
  if (state === 'completed') return 'nothing';
  const why = code === 'pin_reset' ? 'the PIN of the user was reset, which ended all that was open; ' : '';
  return `nothing here; ${why}the device starts a new enrollment`;
}

const CANCEL = 'nothing; to end it now send the update `cancel` or use Request Cancellation';

const STORIES: Record<OpenState, { title: string; waiting: string; advice: string }> = {
  'awaiting-pin': { title: 'Waiting for the PIN', waiting: 'the user, who sets or enters the PIN on the device', advice: CANCEL },
  'awaiting-csr': { title: 'Waiting for the CSR', waiting: 'the device, which sends its certificate signing request', advice: CANCEL },
  issuing: {
    title: 'Issuing',
    waiting: 'the issuance worker (task queue `issuance`)',
    advice: 'if this lasts longer than a minute, look at the pending activity and at the issuance worker',
  },
  'awaiting-ack': {
    title: 'Waiting for the acknowledgement',
    waiting: 'the device, which stores its credentials and proves it',
    advice: CANCEL,
  },
};

/** One line for timers and activities of a stage. */
export function deadlineSummary(stage: OpenState): string {
  switch (stage) {
    case 'awaiting-pin':
      return 'deadline for the PIN';
    case 'awaiting-csr':
      return 'deadline for the CSR';
    case 'issuing':
      return 'deadline for issuing';
    case 'awaiting-ack':
      return 'deadline for the acknowledgement';
    default:
      return assertNever(stage);
  }
}

function instant(ms: number): string {
  return new Date(ms).toISOString();
}
