import type { ProcessView } from '../contract/http.ts';
import { enrollmentWorkflowId } from '../contract/ids.ts';
import { DELIVERY_FORMATS } from '../contract/key-types.ts';
import type { InspectedResponse, ListedEnrollment } from '../contract/operator-http.ts';
import { oneOf } from '../store/enrollment-row.ts';
import type { InspectedEnrollment } from '../store/inspect-enrollment.ts';
import { statusOf } from '../store/user-pin.ts';
import type { ApiDeps } from './deps.ts';

type Config = ApiDeps['config'];
type Row = InspectedEnrollment['enrollment'];

/** One line of the operator's list. */
export function renderListed(row: Row): ListedEnrollment {
  const { id, state, code, clientId, userId, deviceId, tokenId, platform, endedAt, startedAt } = row;
  return {
    enrollmentId: id,
    state,
    ...(code === undefined ? {} : { code }),
    clientId,
    userId,
    deviceId,
    tokenId,
    platform,
    createdAt: row.createdAt.toISOString(),
    stateSince: row.stateSince.toISOString(),
    deadline: row.stageDeadline.toISOString(),
    expiresAt: row.expiresAt.toISOString(),
    ...(endedAt === undefined ? {} : { endedAt: endedAt.toISOString() }),
    started: startedAt !== undefined,
  };
}

/** Everything that an operator sees of one enrollment. */
export function renderInspected(found: InspectedEnrollment, config: Config, process: ProcessView | undefined): InspectedResponse {
  const { enrollment, intents, certificates } = found;
  const workflowId = enrollmentWorkflowId(enrollment.id);
  const { temporalUiUrl, temporalNamespace } = config;
  return {
    ...renderListed(enrollment),
    workflowId,
    ...(temporalUiUrl === undefined ? {} : { temporal: `${temporalUiUrl}/namespaces/${temporalNamespace}/workflows/${workflowId}` }),
    ...(process === undefined ? {} : { process }),
    pin: pinOf(found, config),
    csr: csrOf(found),
    ackRefusals: enrollment.ackRefusals,
    intents: intents.map(({ issuerId: issuer, signingStartedAt, ...same }) => ({ ...same, issuer, ...instant({ signingStartedAt }) })),
    certificates: certificates.map(({ issuerId: issuer, notBefore, notAfter, revokedAt, ...same }) => ({
      ...same,
      issuer,
      notBefore: notBefore.toISOString(),
      notAfter: notAfter.toISOString(),
      ...instant({ revokedAt }),
    })),
    ...deliveryOf(found),
  };
}

function pinOf({ enrollment, pin }: InspectedEnrollment, { maxPinFailures }: Config): InspectedResponse['pin'] {
  const { pinPolicy: policy, pinWaived: waived, pinAttempts: attempts, pinSatisfiedAt: satisfiedAt } = enrollment;
  return { policy, waived, attempts, ...instant({ satisfiedAt }), status: statusOf(pin, maxPinFailures), failed: pin?.failed ?? 0 };
}

function csrOf({ enrollment, submissions }: InspectedEnrollment): InspectedResponse['csr'] {
  return {
    refusals: enrollment.csrRefusals,
    ...(enrollment.csrDigest === undefined ? {} : { acceptedDigest: enrollment.csrDigest }),
    submissions: submissions.map(({ digest, receivedAt, outcome, detail, offset }) => ({
      digest,
      receivedAt: receivedAt.toISOString(),
      ...(outcome === null ? {} : { outcome }),
      ...(detail === null ? {} : { detail }),
      ...(offset === null ? {} : { offset }),
    })),
  };
}

function deliveryOf({ delivery }: InspectedEnrollment): Pick<InspectedResponse, 'delivery'> {
  if (delivery === undefined) return {};
  const { format, deliveries, sealedAt, firstDeliveredAt, erasedAt } = delivery;
  const instants = { sealedAt: sealedAt.toISOString(), ...instant({ firstDeliveredAt }), ...instant({ erasedAt }) };
  return { delivery: { format: oneOf(DELIVERY_FORMATS, format), deliveries, ...instants } };
}

/** The members that are there, as JSON times. */
function instant<Name extends string>(named: Record<Name, Date | null | undefined>): { [Key in Name]?: string } {
  const found: { [Key in Name]?: string } = {};
  for (const name in named) {
    const date = named[name];
    if (date) found[name] = date.toISOString();
  }
  return found;
}
