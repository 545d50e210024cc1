/** Counts what is inside the clock (calls to the service) by step, and beside it what the device does between two calls. */
export class Stopwatch {
  readonly stepMs: Record<string, number> = {};
  deviceMs = 0;

  /** Inside the clock. */
  async call<Result>(step: string, work: () => Promise<Result>): Promise<Result> {
    const begun = performance.now();
    const result = await work();
    this.stepMs[step] = (this.stepMs[step] ?? 0) + performance.now() - begun;
    return result;
  }

  /** Outside the clock. */
  device<Result>(work: () => Result): Result {
    const begun = performance.now();
    const result = work();
    this.deviceMs += performance.now() - begun;
    return result;
  }

  get totalMs(): number {
    return Object.values(this.stepMs).reduce((sum, ms) => sum + ms, 0);
  }
}
