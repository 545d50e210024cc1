import { endEnrollment } from './end-enrollment.ts';
import { finalizeDelivery } from './finalize-delivery.ts';
import { issueCredentials } from './issue-credentials.ts';
import { judgeCsr } from './judge-csr.ts';
import type { EnrollmentDeps, IssuanceDeps } from './ports.ts';
import { readEnrollment } from './read-enrollment.ts';

/** The short steps, run as local activities by the enrollment worker. */
export function createEnrollmentActivities(deps: EnrollmentDeps) {
  return {
    readEnrollment: readEnrollment(deps),
    judgeCsr: judgeCsr(deps),
    finalizeDelivery: finalizeDelivery(deps),
    endEnrollment: endEnrollment(deps),
  };
}

/** Issuing, run by the only process that holds CA keys. */
export function createIssuanceActivities(deps: IssuanceDeps) {
  return { issueCredentials: issueCredentials(deps) };
}

export type EnrollmentActivities = ReturnType<typeof createEnrollmentActivities>;
export type IssuanceActivities = ReturnType<typeof createIssuanceActivities>;
