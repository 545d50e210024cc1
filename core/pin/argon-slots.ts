import { ServiceError } from '../../contract/service-error.ts';

const RETRY_AFTER_SECONDS = 2;

/**
 * Bounds the Argon2 evaluations of a process: `slots` at a time, `queue` more waiting in order. Each takes 19 MiB and a thread of
 * libuv's pool, so more at a time would be slower for all. Error: `service_unavailable` with Retry-After when the queue is full, at
 * once and before `work` was called: nothing was charged.
 */
export class ArgonSlots {
  #free: number;
  readonly #queue: number;
  readonly #waiting: (() => void)[] = [];

  constructor(slots: number, queue: number) {
    if (!Number.isInteger(slots) || slots < 1) throw new Error('there must be at least one Argon2 slot');
    if (!Number.isInteger(queue) || queue < 0) throw new Error('the Argon2 queue cannot be shorter than nothing');
    this.#free = slots;
    this.#queue = queue;
  }

  /** Whatever `work` does, its slot is given back. */
  async run<Result>(work: () => Promise<Result>): Promise<Result> {
    await this.#enter();
    try {
      return await work();
    } finally {
      this.#leave();
    }
  }

  #enter(): Promise<void> {
    if (this.#free > 0) {
      this.#free -= 1;
      return Promise.resolve();
    }
    if (this.#waiting.length >= this.#queue) throw busy();
    return new Promise((enter) => this.#waiting.push(enter));
  }

  /** A slot goes straight to the next in line, so that a newcomer cannot take it first. */
  #leave(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free += 1;
    else next();
  }
}

function busy(): ServiceError {
  return new ServiceError('service_unavailable', 'Too many PINs are being judged; nothing was charged.', {}, RETRY_AFTER_SECONDS);
}
