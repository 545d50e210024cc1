/** What this process knows of a subject that has nothing left. */
interface Entry {
  /** On the clock of `now`, in milliseconds. */
  until: number;
  refusals: number;
}

/** More are forgotten, oldest first, whose owners then cost a statement again. */
const MOST_KEPT = 10_000;

/** Subjects that used up a limit, until their window ends: who is in here is refused without asking anybody. */
export class UsedUp {
  readonly #entries = new Map<string, Entry>();

  constructor(readonly now: () => number) {}

  note(key: string, resetMs: number): void {
    const refusals = this.#live(key)?.refusals ?? 0;
    this.#entries.delete(key); // so that it goes to the end: the map is in order of age
    this.#entries.set(key, { until: this.now() + resetMs, refusals });
    const [oldest] = this.#entries.keys();
    if (this.#entries.size > MOST_KEPT && oldest !== undefined) this.#entries.delete(oldest);
  }

  /** Milliseconds until it has something left; 0 when it has, as far as this process knows. */
  resetMs(key: string): number {
    return Math.max((this.#live(key)?.until ?? 0) - this.now(), 0);
  }

  /** One refusal more; how many there are in this window. */
  refused(key: string): number {
    const entry = this.#live(key);
    if (entry === undefined) return 1;
    entry.refusals += 1;
    return entry.refusals;
  }

  #live(key: string): Entry | undefined {
    const entry = this.#entries.get(key);
    if (entry !== undefined && entry.until > this.now()) return entry;
    this.#entries.delete(key);
    return undefined;
  }
}
