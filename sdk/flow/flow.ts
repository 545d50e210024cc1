import type { CardStore } from '../card/card-store.ts';
import { storeOf } from '../card/virtual-card.ts';
import type { FlowOptions, PinRefusal } from '../enrollment-options.ts';
import { EnrollmentClient } from '../https/enrollment-client.ts';
import { ServiceConnection } from '../https/service-connection.ts';
import { SdkError } from '../sdk-error.ts';
import type { StepReporter } from '../step-reporter.ts';

/** One run of `enrollDevice` or `resumeEnrollment`. What must outlive a crash is in the card's journal, never here. */
export interface Flow {
  readonly options: FlowOptions;
  readonly store: CardStore;
  readonly connection: ServiceConnection;
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
    return await withConnection(options, steps, (connection) => {
      const { enrollmentId, enrollmentToken } = store.journal;
      const client = new EnrollmentClient(connection, enrollmentId, enrollmentToken);
      return work({ options, store, connection, client, steps, pinRefusal: undefined });
    });
  } finally {
    busy.delete(store);
  }
}

/** Connections of one flow: repetitions are reported as steps, everything is closed at the end. */
export async function withConnection<T>(
  { baseUrl, tlsCa, signal }: Pick<FlowOptions, 'baseUrl' | 'tlsCa' | 'signal'>,
  steps: StepReporter,
  work: (connection: ServiceConnection) => Promise<T>,
): Promise<T> {
  const connection = new ServiceConnection({ baseUrl, tlsCa, signal, onRepeat: (text) => steps.done('call-repeated', text) });
  try {
    return await work(connection);
  } finally {
    await connection.close();
  }
}
