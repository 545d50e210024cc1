import { ServiceError } from '../../contract/service-error.ts';

const RETRY_AFTER_SECONDS = 2;

export interface ArgonBounds {
  /** Evaluations at a time. */
  readonly slots: number;
  /** More that may wait. */
  readonly queue: number;
  /** Of one party, running and waiting together. */
  readonly share: number;
}

/**
 * Bounds the Argon2 evaluations of a process. Each takes 19 MiB and a thread of libuv's pool, so more at a time would be slower for all.
 * Parties take turns and none may take more than its share, so that a flood of guesses for one user leaves room for the others.
 * Error: `service_unavailable` with Retry-After, at once and before `work` was called: nothing was charged.
 */
export class ArgonSlots {
  #free: number;
  #waitingCount = 0;
  readonly #bounds: ArgonBounds;
  /** Who waits, by party; the party at the head is served next and goes to the end. */
  readonly #waiting = new Map<string, (() => void)[]>();
  /** Running and waiting, by party. */
  readonly #held = new Map<string, number>();

  constructor(bounds: ArgonBounds) {
    if (!Number.isInteger(bounds.slots) || bounds.slots < 1) throw new Error('there must be at least one Argon2 slot');
    if (!Number.isInteger(bounds.queue) || bounds.queue < 0) throw new Error('the Argon2 queue cannot be shorter than nothing');
    if (!Number.isInteger(bounds.share) || bounds.share < 1) throw new Error('everybody needs a share of the Argon2 slots');
    this.#bounds = bounds;
    this.#free = bounds.slots;
  }

  /** `party`: whose work it is. Whatever `work` does, its slot is given back. */
  async run<Result>(party: string, work: () => Promise<Result>): Promise<Result> {
    const held = this.#held.get(party) ?? 0;
    if (held >= this.#bounds.share) throw busy('Too many PINs of this user are being judged; nothing was charged.');
    if (this.#free === 0 && this.#waitingCount >= this.#bounds.queue) throw busy('Too many PINs are being judged; nothing was charged.');
    this.#held.set(party, held + 1);
    await this.#enter(party);
    try {
      return await work();
    } finally {
      this.#leave(party);
    }
  }

  #enter(party: string): Promise<void> {
    if (this.#free > 0) {
      this.#free -= 1;
      return Promise.resolve();
    }
    this.#waitingCount += 1;
    return new Promise((enter) => this.#waiting.set(party, [...(this.#waiting.get(party) ?? []), enter]));
  }

  /** A slot goes straight to the next in line, so that a newcomer cannot take it first. */
  #leave(party: string): void {
    const held = (this.#held.get(party) ?? 1) - 1;
    if (held === 0) this.#held.delete(party);
    else this.#held.set(party, held);
    const next = this.#next();
    if (next === undefined) this.#free += 1;
    else next();
  }

  #next(): (() => void) | undefined {
    for (const [party, [next, ...others]] of this.#waiting) {
      this.#waiting.delete(party);
      if (others.length > 0) this.#waiting.set(party, others);
      if (next === undefined) continue;
      this.#waitingCount -= 1;
      return next;
    }
    return undefined;
  }
}

function busy(detail: string): ServiceError {
  return new ServiceError('service_unavailable', detail, {}, RETRY_AFTER_SECONDS);
}
