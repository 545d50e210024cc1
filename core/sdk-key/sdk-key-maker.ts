import type { KeyType } from '../../contract/key-types.ts';
import { ServiceError } from '../../contract/service-error.ts';
import { BoundedThread } from './bounded-thread.ts';
import type { KeyOrder, SealedSdkKey } from './key-order.ts';
import { DEFAULT_KEYS, DEFAULT_LIFE_MS, type ThreadBounds } from './thread-bounds.ts';

export interface MadeSdkKey extends Pick<SealedSdkKey, 'spki' | 'sealed' | 'sealedSha256'> {
  readonly keyType: KeyType;
  readonly madeAt: Date;
  readonly sealedAt: Date;
  /** When the exit of the thread that held the plaintext was seen. */
  readonly plainGoneBy: Date;
}

/** Why the keys of a thread were thrown away. */
export type LateThread = { readonly keys: number; readonly because: 'no exit in time' | 'the clock jumped' };

/** Keys and life of a thread default to those of the protocol. */
export interface SdkKeyMakerOptions extends Partial<Omit<ThreadBounds, 'now'>>, Pick<ThreadBounds, 'now'> {
  /** Threads at the same time; RSA-2048 takes 150 ms of one. */
  readonly threads?: number;
  /** The alarm: somebody should look why. */
  readonly onLate?: (late: LateThread) => void;
}

/**
 * Makes SDK keys in worker threads, so that the plaintext never enters the heap of this process's main thread: only public key and sealed
 * key come back, and only after the exit of their thread was seen (ADR 50). A thread serves the orders that wait at the moment, for a
 * bounded number of keys and a bounded time, and ends; a new one costs 21 ms, so one always stands ready.
 * Each call makes another key: the caller keeps the first that it could store. Errors: `shutting_down` after `close`; a plain error
 * when a key could not be made, or was thrown away because its thread was late (may be repeated). Source: protocol §7.
 */
export class SdkKeyMaker {
  readonly #bounds: ThreadBounds;
  readonly #threads: number;
  readonly #onLate: (late: LateThread) => void;
  readonly #waiting: Waiting[] = [];
  readonly #batches = new Set<Promise<void>>();
  #spare: BoundedThread;
  #overdue = 0;
  #closed = false;

  constructor({ keys = DEFAULT_KEYS, lifeMs = DEFAULT_LIFE_MS, threads = 2, onLate = () => undefined, now }: SdkKeyMakerOptions) {
    if (![keys, lifeMs, threads].every((bound) => Number.isInteger(bound) && bound > 0))
      throw new Error('the bounds of key threads are positive integers');
    this.#bounds = { keys, lifeMs, now };
    this.#threads = threads;
    this.#onLate = onLate;
    this.#spare = new BoundedThread(this.#bounds);
  }

  /** Threads that should have exited and have not: for the readiness of the process. */
  get overdue(): number {
    return this.#overdue;
  }

  async make(order: KeyOrder): Promise<MadeSdkKey> {
    if (this.#closed) throw closed();
    return new Promise((take, refuse) => {
      this.#waiting.push({ order, take, refuse });
      this.#serve();
    });
  }

  /** Refuses waiting and new orders, lets running ones finish, and resolves when all threads have exited. May be repeated. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const { refuse } of this.#waiting.splice(0)) refuse(closed());
    await Promise.all(this.#batches);
    await this.#spare.end();
  }

  /** As many threads as are allowed, each with the order that has waited longest. */
  #serve(): void {
    while (this.#batches.size < this.#threads) {
      const first = this.#waiting.shift();
      if (first === undefined) return;
      const batch = this.#batch(this.#takeSpare(), first).finally(() => {
        this.#batches.delete(batch);
        this.#serve();
      });
      this.#batches.add(batch);
    }
  }

  /** The next one starts while this one works, so that no enrollment waits for a start. */
  #takeSpare(): BoundedThread {
    const thread = this.#spare;
    this.#spare = new BoundedThread(this.#bounds);
    return thread;
  }

  async #batch(thread: BoundedThread, first: Waiting): Promise<void> {
    const started = this.#instant();
    const made: Sealed[] = [];
    for (let one: Waiting | undefined = first; one !== undefined; one = thread.isFit ? this.#waiting.shift() : undefined) {
      try {
        made.push({ ...one, key: await thread.make(one.order) });
      } catch (error) {
        one.refuse(error);
      }
    }
    const inTime = await thread.endInTime();
    const ended = this.#instant();
    if (inTime && isSteady(started, ended)) for (const one of made) one.take(keyOf(one, started, ended.at));
    else this.#discard(made, inTime ? 'the clock jumped' : 'no exit in time');
    if (!inTime) await this.#exitOf(thread);
  }

  /** What cannot be witnessed is not handed out: the times of the receipt would not be true. */
  #discard(made: readonly Sealed[], because: LateThread['because']): void {
    this.#onLate({ keys: made.length, because });
    for (const { refuse } of made) refuse(new Error(`the SDK key was thrown away (${because})`));
  }

  /** Its place stays taken: a process whose threads do not end must not start one after the other. */
  async #exitOf(thread: BoundedThread): Promise<void> {
    this.#overdue += 1;
    await thread.end();
    this.#overdue -= 1;
  }

  #instant(): Instant {
    return { at: this.#bounds.now(), ns: process.hrtime.bigint() };
  }
}

interface Waiting {
  readonly order: KeyOrder;
  readonly take: (key: MadeSdkKey) => void;
  readonly refuse: (error: unknown) => void;
}

interface Sealed extends Waiting {
  readonly key: SealedSdkKey;
}

/** One moment by the clock of the process and by its steady one, which stands still while a machine is paused. */
interface Instant {
  readonly at: Date;
  readonly ns: bigint;
}

const MOST_JUMP_MS = 1_000;

function isSteady(from: Instant, to: Instant): boolean {
  const steadyMs = Number((to.ns - from.ns) / 1_000_000n);
  return Math.abs(to.at.getTime() - from.at.getTime() - steadyMs) <= MOST_JUMP_MS;
}

function keyOf({ order, key }: Sealed, started: Instant, plainGoneBy: Date): MadeSdkKey {
  const { spki, sealed, sealedSha256, madeNs, sealedNs } = key;
  const when = (ns: bigint) => new Date(Math.min(started.at.getTime() + Number((ns - started.ns) / 1_000_000n), plainGoneBy.getTime()));
  return { spki, sealed, sealedSha256, keyType: order.keyType, madeAt: when(madeNs), sealedAt: when(sealedNs), plainGoneBy };
}

function closed(): ServiceError {
  return new ServiceError('shutting_down', 'No SDK keys are made any more: this process is shutting down.', {}, 2);
}
