import type { StepListener, StepName } from './step-event.ts';

/** Tells the app of finished steps, with the time since the step before. */
export class StepReporter {
  readonly #listener: StepListener | undefined;
  readonly #begin = performance.now();
  #last = this.#begin;

  constructor(listener: StepListener | undefined) {
    this.#listener = listener;
  }

  done(step: StepName, text: string): void {
    const now = performance.now();
    const [milliseconds, totalMilliseconds] = [now - this.#last, now - this.#begin];
    this.#last = now;
    this.#listener?.({ step, text, milliseconds, totalMilliseconds });
  }
}
