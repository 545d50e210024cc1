/** More kept results than this are forgotten, oldest first: the memory is a saving, never a duty. */
const MOST_KEPT = 10_000;

interface Entry<Result> {
  readonly result: Promise<Result>;
  /** On the clock of `now`; undefined while it runs. */
  until?: number;
}

/**
 * Work that is done once for all who ask for it under one key at the same time, and, for `keepMs` after it went well, for those who come
 * later. Work that failed is forgotten at once: the next one who asks tries again.
 */
export class SharedWork<Result> {
  readonly #entries = new Map<string, Entry<Result>>();

  constructor(
    readonly keepMs: number,
    readonly now: () => number = () => performance.now(),
  ) {}

  /** What `work` gives, or gave; rejects as it does. */
  run(key: string, work: () => Promise<Result>): Promise<Result> {
    const found = this.#entries.get(key);
    if (found !== undefined && (found.until === undefined || this.now() < found.until)) return found.result;
    const entry: Entry<Result> = { result: work() };
    this.#entries.delete(key); // so that it goes to the end: the map is in order of age
    this.#entries.set(key, entry);
    entry.result.then(
      () => this.#keep(key, entry),
      () => this.#forget(key, entry),
    );
    return entry.result;
  }

  #keep(key: string, entry: Entry<Result>): void {
    entry.until = this.now() + this.keepMs;
    if (this.keepMs === 0) this.#forget(key, entry);
    for (const [oldKey, old] of this.#entries) {
      if (old.until === undefined) continue;
      if (this.now() < old.until && this.#entries.size <= MOST_KEPT) break;
      this.#entries.delete(oldKey);
    }
  }

  #forget(key: string, entry: Entry<Result>): void {
    if (this.#entries.get(key) === entry) this.#entries.delete(key);
  }
}
