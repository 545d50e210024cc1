import type { KeyType } from '../../contract/key-types.ts';
import { ServiceError } from '../../contract/service-error.ts';
import { BoundedThread } from './bounded-thread.ts';
import type { KeyOrder, SealedSdkKey } from './key-order.ts';
import { DEFAULT_KEYS, DEFAULT_LIFE_MS, type ThreadBounds } from './thread-bounds.ts';

export interface MadeSdkKey extends Pick<SealedSdkKey, 'spki' | 'sealed' | 'sealedSha256'> {
  readonly keyType: KeyType;
  readonly madeAt: Date;
  readonly sealedAt: Date;
  /** The thread that held the plaintext has exited by then. */
  readonly plainGoneBy: Date;
}

/** Keys and life of a thread default to those of the protocol. */
export interface SdkKeyMakerOptions extends Partial<Omit<ThreadBounds, 'now'>>, Pick<ThreadBounds, 'now'> {
  /** Threads at the same time; RSA-2048 takes 150 ms of one. */
  readonly threads?: number;
}

/**
 * Makes SDK keys in worker threads, so that the plaintext never enters the heap of this process's main thread: only public key and sealed
 * key come back. A thread is reused (a new one costs 21 ms, and one always stands ready) for a bounded number of keys and a bounded time, and ends on any error.
 * Each call makes another key: the caller keeps the first that it could store. Errors: `shutting_down` after `close`; a plain error
 * when a key could not be made (may be repeated, with a new thread). Source: protocol §7.
 */
export class SdkKeyMaker {
  readonly #bounds: ThreadBounds;
  /** Places for a thread that are not at work; the last used stands last and is taken first. */
  readonly #idle: Place[];
  readonly #places: readonly Place[];
  readonly #waiting: { take: (place: Place) => void; refuse: (error: ServiceError) => void }[] = [];
  #spare: BoundedThread;
  #closed = false;

  constructor({ keys = DEFAULT_KEYS, lifeMs = DEFAULT_LIFE_MS, threads = 2, now }: SdkKeyMakerOptions) {
    if (![keys, lifeMs, threads].every((bound) => Number.isInteger(bound) && bound > 0))
      throw new Error('the bounds of key threads are positive integers');
    this.#bounds = { keys, lifeMs, now };
    this.#spare = new BoundedThread(this.#bounds);
    this.#places = Array.from({ length: threads }, () => ({}));
    this.#idle = [...this.#places];
  }

  async make(order: KeyOrder): Promise<MadeSdkKey> {
    const place = await this.#take();
    try {
      const startedAt = this.#bounds.now();
      const startedNs = process.hrtime.bigint();
      const { spki, sealed, sealedSha256, madeNs, sealedNs } = await this.#threadOf(place).make(order);
      const madeAt = later(startedAt, madeNs - startedNs);
      const sealedAt = later(startedAt, sealedNs - startedNs);
      return { spki, sealed, sealedSha256, keyType: order.keyType, madeAt, sealedAt, plainGoneBy: this.plainGoneBy(madeAt) };
    } finally {
      this.#release(place);
    }
  }

  /** The latest instant by which the thread that made a key at `madeAt` has exited: its life began before and lasts `lifeMs` at most. */
  plainGoneBy(madeAt: Date): Date {
    return new Date(madeAt.getTime() + this.#bounds.lifeMs);
  }

  /** Refuses waiting and new orders, lets running ones finish, and resolves when all threads have exited. May be repeated. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const { refuse } of this.#waiting.splice(0)) refuse(closed());
    await Promise.all(this.#places.map(endPlace));
    // Last: an order that was let in before may still have taken it.
    await this.#spare.end();
  }

  #threadOf(place: Place): BoundedThread {
    const { thread } = place;
    if (thread?.isFit) return thread;
    void thread?.end();
    place.thread = this.#spare;
    // The next one starts while this one works, so that no enrollment waits for a start.
    this.#spare = new BoundedThread(this.#bounds);
    return place.thread;
  }

  async #take(): Promise<Place> {
    if (this.#closed) throw closed();
    const place = this.#idle.pop() ?? (await new Promise<Place>((take, refuse) => this.#waiting.push({ take, refuse })));
    place.running = new Promise((done) => {
      place.done = done;
    });
    return place;
  }

  #release(place: Place): void {
    place.done?.();
    const next = this.#waiting.shift();
    if (next === undefined) this.#idle.push(place);
    else next.take(place);
  }
}

interface Place {
  thread?: BoundedThread;
  /** Resolves when the order under way is done. */
  running?: Promise<void>;
  done?: () => void;
}

/** The thread is looked up last: an order that was just taken starts one. */
async function endPlace(place: Place): Promise<void> {
  await place.running;
  await place.thread?.end();
}

function later(start: Date, nanoseconds: bigint): Date {
  return new Date(start.getTime() + Number(nanoseconds / 1_000_000n));
}

function closed(): ServiceError {
  return new ServiceError('shutting_down', 'No SDK keys are made any more: this process is shutting down.', {}, 2);
}
