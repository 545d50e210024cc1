import { ServiceError } from '../../contract/service-error.ts';

/**
 * Bounds the Argon2 evaluations of a process: `slots` at a time, `queue` waiting. A full queue is answered at once with
 * `service_unavailable`, before anything was charged.
 */
export class ArgonSlots {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(
    slots: number,
    readonly queue: number,
  ) {
    this.#free = slots;
  }

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
    if (this.#waiting.length >= this.queue) throw new ServiceError('service_unavailable', 'Too many PINs are being judged; nothing was charged.', {}, 2);
    return new Promise((enter) => this.#waiting.push(enter));
  }

  /** A slot goes straight to the next in line. */
  #leave(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free += 1;
    else next();
  }
}
