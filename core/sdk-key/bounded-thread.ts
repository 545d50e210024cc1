import { Worker } from 'node:worker_threads';
import type { KeyOrder, SealedSdkKey, ThreadAnswer, ThreadCall } from './key-order.ts';
import { exitMs, lastOrderMs, type ThreadBounds } from './thread-bounds.ts';

/**
 * One key thread with its bounds: a number of keys, a life in milliseconds, the first error. What was in it is gone when it has exited
 * (measured: nothing of a key is found in the process). One order at a time; whoever holds it sees to that, and ends it.
 */
export class BoundedThread {
  readonly #bounds: ThreadBounds;
  readonly #worker: Worker;
  readonly #exited: Promise<void>;
  /** Begins with the first order: a thread that waits for one holds nothing. */
  #life: Life | undefined;
  #keysLeft: number;
  #ended = false;
  #reason = 'the thread ended';

  constructor(bounds: ThreadBounds) {
    this.#bounds = bounds;
    this.#keysLeft = bounds.keys;
    this.#worker = new Worker(ENTRY, { execArgv: [] });
    this.#exited = new Promise((exited) => this.#worker.once('exit', () => exited()));
    void this.#exited.then(() => this.end());
    // What makeSealedKey throws is caught in the thread; this is a thread that could not start or ran out of memory.
    this.#worker.on('error', (error) => {
      this.#reason = error instanceof Error ? error.message : 'the thread failed';
    });
    this.#worker.unref();
  }

  /** May take one more order. */
  get isFit(): boolean {
    const inTime = this.#life === undefined || process.hrtime.bigint() < this.#life.lastOrderNs;
    return !this.#ended && this.#keysLeft > 0 && inTime;
  }

  /** Throws when the key could not be made, or the thread is late; it takes no more orders then. */
  async make(order: KeyOrder): Promise<SealedSdkKey> {
    this.#keysLeft -= 1;
    this.#life ??= this.#begin();
    const answer = await this.#ask({ order, endsNs: this.#life.endsNs });
    if (answer.ok) return answer.key;
    this.#ended = true;
    throw new Error(`the SDK key could not be made (${answer.reason})`);
  }

  /** Resolves when the exit of the thread was seen. May be repeated. */
  async end(): Promise<void> {
    this.#ended = true;
    clearTimeout(this.#life?.timer);
    this.#worker.ref();
    await this.#worker.terminate();
    await this.#exited;
  }

  /** Ends the thread. False: it has not exited within its life; whoever needs the exit itself waits for `end`. */
  async endInTime(): Promise<boolean> {
    const exit = this.end().then(() => true);
    return this.#life === undefined ? exit : Promise.race([exit, this.#life.over.then(() => false)]);
  }

  #begin(): Life {
    const { lifeMs } = this.#bounds;
    const endsNs = process.hrtime.bigint() + nanoseconds(lifeMs - exitMs(this.#bounds));
    const lastOrderNs = process.hrtime.bigint() + nanoseconds(lastOrderMs(this.#bounds));
    // The thread has this timer too; this one is for a thread that never came as far.
    const timer = setTimeout(() => void this.end(), lifeMs - exitMs(this.#bounds)).unref();
    return { endsNs, lastOrderNs, timer, over: lifeIsOver(lifeMs) };
  }

  /** The process stays while an order is under way, not for an idle thread. */
  #ask(call: ThreadCall): Promise<ThreadAnswer> {
    this.#worker.ref();
    return new Promise((answered) => {
      const settle = (answer: ThreadAnswer): void => {
        this.#worker.off('message', settle).off('exit', exited).unref();
        answered(answer);
      };
      const exited = (): void => settle({ ok: false, reason: this.#reason });
      void this.#life?.over.then(() => settle({ ok: false, reason: 'the thread is late' }));
      this.#worker.once('message', settle).once('exit', exited).postMessage(call);
    });
  }
}

interface Life {
  readonly endsNs: bigint;
  readonly lastOrderNs: bigint;
  readonly timer: NodeJS.Timeout;
  /** Resolves when the thread must have exited. */
  readonly over: Promise<void>;
}

/** After the events that wait: a parent that was kept busy hears of an exit in time before it calls the thread late. */
function lifeIsOver(lifeMs: number): Promise<void> {
  return new Promise((over) => {
    setTimeout(() => setImmediate(() => setImmediate(over)), lifeMs).unref();
  });
}

/** From a checkout the thread is TypeScript and registers its own loader; built, it is plain JavaScript. */
const ENTRY = new URL(import.meta.url.endsWith('.ts') ? './from-source.mjs' : './key-thread.js', import.meta.url);

function nanoseconds(milliseconds: number): bigint {
  return BigInt(Math.floor(milliseconds)) * 1_000_000n;
}
