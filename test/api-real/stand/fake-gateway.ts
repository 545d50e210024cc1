import type { EnrollmentActivities, IssuanceActivities } from '../../../activities/index.ts';
import type { EnrollmentGateway } from '../../../api/gateway.ts';
import type { EnrollmentId } from '../../../contract/ids.ts';
import { ServiceError } from '../../../contract/service-error.ts';
import type { EnrollmentProcess, SubmitCsrResult } from '../../../contract/temporal.ts';

type Call = keyof EnrollmentGateway;

/**
 * Stands in for Temporal behind our own interface: it does at once, with the real activities, what a run would do, so that rows really
 * move. It records what it was asked and fails when it is told to.
 */
export class FakeGateway implements EnrollmentGateway {
  readonly asked: { call: Call; id: EnrollmentId; detail?: string }[] = [];
  /** What every call, or the named one, throws. */
  failure: Error | undefined;
  failingCalls: readonly Call[] | undefined;
  /** The run accepts the CSR, then the issuance worker is away: updates stay open until their deadline. */
  issuanceAway = false;
  /** Judging meets passing trouble. */
  retries = false;
  processView: EnrollmentProcess | undefined;

  constructor(
    readonly activities: EnrollmentActivities,
    readonly issuance: IssuanceActivities,
  ) {}

  reset(): void {
    this.asked.length = 0;
    this.failure = undefined;
    this.failingCalls = undefined;
    this.issuanceAway = false;
    this.retries = false;
    this.processView = undefined;
  }

  away(...calls: Call[]): void {
    this.failure = new ServiceError('service_unavailable', 'Temporal does not answer.', {}, 2);
    this.failingCalls = calls.length === 0 ? undefined : calls;
  }

  countOf(call: Call, id: EnrollmentId): number {
    return this.asked.filter((one) => one.call === call && one.id === id).length;
  }

  async start(row: { id: EnrollmentId }): Promise<void> {
    this.#note('start', row.id);
  }

  async wake(id: EnrollmentId, event: 'pinSatisfied' | 'pinLocked'): Promise<void> {
    this.#note('wake', id, event);
  }

  async submitCsr(id: EnrollmentId, digest: string, _requestId: string, waitMs: number): Promise<SubmitCsrResult | undefined> {
    this.#note('submitCsr', id, digest);
    if (this.retries) return { retry: true };
    const judgement = await this.activities.judgeCsr({ enrollmentId: id, digest });
    if ('refused' in judgement) return { refused: judgement.refused };
    if (!this.issuanceAway) return this.issuance.issueCredentials({ enrollmentId: id });
    await new Promise((done) => setTimeout(done, waitMs).unref());
    return undefined;
  }

  async acknowledge(id: EnrollmentId, proof: string, updateId: string) {
    this.#note('acknowledge', id);
    return this.activities.finalizeDelivery({ enrollmentId: id, proof, updateId });
  }

  async cancel(id: EnrollmentId) {
    this.#note('cancel', id);
    return this.activities.endEnrollment({ enrollmentId: id, state: 'cancelled', code: 'cancelled' });
  }

  async process(id: EnrollmentId): Promise<EnrollmentProcess | undefined> {
    this.asked.push({ call: 'process', id });
    return this.failure === undefined ? this.processView : undefined;
  }

  async history(id: EnrollmentId): Promise<'unavailable'> {
    this.asked.push({ call: 'history', id });
    return 'unavailable';
  }

  async nudge(id: EnrollmentId): Promise<void> {
    this.asked.push({ call: 'nudge', id });
  }

  async terminate(id: EnrollmentId): Promise<void> {
    this.asked.push({ call: 'terminate', id });
  }

  #note(call: Call, id: EnrollmentId, detail?: string): void {
    this.asked.push({ call, id, ...(detail === undefined ? {} : { detail }) });
    if (this.failure !== undefined && (this.failingCalls?.includes(call) ?? true)) throw this.failure;
  }
}
