import type { CardStore } from '../card/card-store.ts';
import { storeOf } from '../card/virtual-card.ts';
import type { FlowOptions, PinRefusal } from '../enrollment-options.ts';
import { EnrollmentClient } from '../https/enrollment-client.ts';
import { ServiceSession } from '../https/service-session.ts';
import { SdkError } from '../sdk-error.ts';
import { StepReporter } from '../step-reporter.ts';

/** One run of `enrollDevice` or `resumeEnrollment`. What must outlive a crash is in the card's journal, never here. */
export interface Flow {
  readonly options: FlowOptions;
  readonly store: CardStore;
  readonly session: ServiceSession;
  readonly client: EnrollmentClient;
  readonly steps: StepReporter;
  /** Why the user must be asked again; undefined when nothing was refused in this run. */
  pinRefusal: PinRefusal | undefined;
}

/** Cards that a flow is working on: two flows on one card would write each other's journal. */
const busy = new WeakSet<CardStore>();

/** What a flow does: `begin` prepares the journal, `work` goes on from it. */
export interface FlowWork<T> {
  readonly begin?: (store: CardStore) => Promise<void>;
  readonly work: (flow: Flow) => Promise<T>;
}

/** Runs a flow for the enrollment of the journal, alone on its card; closes the connections whatever happens. */
export async function withFlow<T>(options: FlowOptions, steps: StepReporter, { begin, work }: FlowWork<T>): Promise<T> {
  const store = storeOf(options.card);
  if (busy.has(store)) throw new SdkError('configuration', 'this card is already enrolling');
  busy.add(store);
  try {
    await begin?.(store);
    return await withSession(options, steps, (session) => {
      const { enrollmentId, enrollmentToken } = store.journal;
      const client = new EnrollmentClient(session, enrollmentId, enrollmentToken);
      return work({ options, store, session, client, steps, pinRefusal: undefined });
    });
  } finally {
    busy.delete(store);
  }
}

/** Connections of one flow: repetitions are reported as steps, everything is closed at the end. */
export async function withSession<T>(
  { baseUrl, tlsCa, signal }: Pick<FlowOptions, 'baseUrl' | 'tlsCa' | 'signal'>,
  steps: StepReporter,
  work: (session: ServiceSession) => Promise<T>,
): Promise<T> {
  const session = new ServiceSession({ baseUrl, tlsCa, signal, onRepeat: (text) => steps.done('call-repeated', text) });
  try {
    return await work(session);
  } finally {
    await session.close();
  }
}
