import type { InspectedResponse, ListedEnrollment } from '../../contract/operator-http.ts';
import { visibleText } from '../visible-text.ts';

/** One line an enrollment. */
export function renderLine(one: ListedEnrollment): string {
  const end = one.code === undefined ? '' : ` (${one.code})`;
  const unstarted = one.started || one.endedAt !== undefined ? '' : '  workflow not started';
  return `${one.enrollmentId}  ${`${one.state}${end}`.padEnd(28)} since ${one.stateSince}  user ${visibleText(one.userId)}  device ${visibleText(one.deviceId)}${unstarted}`;
}

/** Everything of one enrollment, as a person reads it. */
export function renderEnrollment(one: InspectedResponse): string {
  return [
    `enrollment ${one.enrollmentId}  ${one.state}${one.code === undefined ? '' : ` (${one.code})`} since ${one.stateSince}`,
    `  user ${visibleText(one.userId)}  device ${visibleText(one.deviceId)}  token ${visibleText(one.tokenId)}  client ${visibleText(one.clientId)}  ${one.platform}`,
    one.endedAt === undefined
      ? `  created ${one.createdAt}  this stage ends ${one.deadline}  all ends ${one.expiresAt}`
      : `  created ${one.createdAt}  ended ${one.endedAt}`,
    `  PIN: ${one.pin.policy}${pinProof(one)}; ${one.pin.attempts} attempt(s) here; user's PIN ${one.pin.status}, ${one.pin.failed} wrong`,
    `  CSR: ${one.csr.submissions.length} submission(s), ${one.csr.refusals} refused`,
    ...one.csr.submissions.map(
      ({ receivedAt, outcome, detail }) =>
        `    ${receivedAt}  ${outcome ?? 'not judged'}${detail === undefined ? '' : `: ${visibleText(detail)}`}`,
    ),
    ...one.intents.map(
      ({ kind, serial, issuer, keyType, status }) => `  intent ${kind.padEnd(4)} ${serial}  ${status}  ${keyType} by ${issuer}`,
    ),
    ...one.certificates.map(
      ({ kind, serial, issuer, status, notAfter }) => `  ${kind.padEnd(4)} ${serial}  ${status}  by ${issuer}  until ${notAfter}`,
    ),
    ...(one.delivery === undefined ? [] : [`  SDK key: ${delivery(one.delivery)}`]),
    run(one),
    ...(one.temporal === undefined ? [] : [`  ${one.temporal}`]),
  ].join('\n');
}

function pinProof({ pin }: InspectedResponse): string {
  if (pin.waived) return ', waived';
  return pin.satisfiedAt === undefined ? ', not proven' : `, proven ${pin.satisfiedAt}`;
}

function delivery({ format, deliveries, erasedAt }: NonNullable<InspectedResponse['delivery']>): string {
  return `${format}, delivered ${deliveries} time(s), ${erasedAt === undefined ? 'sealed copy still held' : `erased ${erasedAt}`}`;
}

function run({ workflowId, process, started, endedAt }: InspectedResponse): string {
  if (process !== undefined)
    return `  workflow ${workflowId}: ${process.stage}, waiting for ${process.waitingFor} since ${process.since}, ${process.refusalsLeft} CSR refusal(s) left`;
  if (endedAt !== undefined) return `  workflow ${workflowId}: ended`;
  return `  workflow ${workflowId}: ${started ? 'no worker answers; see the Temporal UI' : 'not started; `cs operator sweep` starts it'}`;
}
