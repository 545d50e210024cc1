import type { EnrollmentId } from '../contract/ids.ts';

export interface DeafRunsDeps {
  /** Wakes a run so that it reads its row; best effort. */
  nudge: (id: EnrollmentId) => Promise<void>;
  /** Terminates a run; one that is closed stays as it is. */
  terminate: (id: EnrollmentId) => Promise<void>;
  now: () => number;
}

/** A run that works ends within seconds of a nudge. */
const PATIENCE_MS = 60_000;

/**
 * Runs whose row the sweeper ended. Each is told; one that has not closed a minute later cannot (its history is under a retired codec key,
 * its code fails) and is terminated, so that it does not fail for ever in Temporal. Its row has ended: nothing can be lost.
 */
export class DeafRuns {
  readonly #told = new Map<EnrollmentId, number>();

  constructor(readonly deps: DeafRunsDeps) {}

  async tell(id: EnrollmentId): Promise<void> {
    this.#told.set(id, this.deps.now());
    await this.deps.nudge(id);
  }

  /** One turn, in which a run that cannot be terminated stays for the next and holds up no other; may be repeated. */
  async endPatience(): Promise<void> {
    const over = [...this.#told].filter(([, since]) => this.deps.now() - since >= PATIENCE_MS);
    await Promise.allSettled(over.map(([id]) => this.deps.terminate(id).then(() => this.#told.delete(id))));
  }
}
