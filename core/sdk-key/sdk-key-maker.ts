import { Worker } from 'node:worker_threads';
import type { KeyOrder, SealedSdkKey, ThreadAnswer } from './key-order.ts';

export interface ThreadBounds {
  /** Keys that one thread makes before it is replaced. */
  keys: number;
  /** Milliseconds that one thread lives. */
  lifeMs: number;
  now: () => Date;
}

export interface MadeSdkKey extends SealedSdkKey {
  madeAt: Date;
  sealedAt: Date;
  /** The thread that held the plaintext has exited by then. */
  plainGoneBy: Date;
}

/** A thread is stopped at the end of its life; this much later it is certainly gone. */
const EXIT_MS = 2_000;
/** RSA-4096 takes seconds, on a loaded machine more. */
const ORDER_MS = 30_000;

/**
 * Makes SDK keys, one at a time, in a worker thread that lives for a bounded number of keys and a bounded time and ends on any error:
 * measured, nothing of a key is left in the process after the thread has exited. Throws when a key could not be made; may be repeated.
 */
export class SdkKeyMaker {
  #thread: KeyThread | undefined;
  #line: Promise<unknown> = Promise.resolve();

  constructor(readonly bounds: ThreadBounds) {}

  /** Orders stand in line: one thread holds at most one plaintext at a time. */
  make(order: KeyOrder): Promise<MadeSdkKey> {
    const made = this.#line.then(() => this.#makeNext(order));
    this.#line = made.catch(() => undefined);
    return made;
  }

  async close(): Promise<void> {
    await this.#line;
    await this.#thread?.end();
  }

  async #makeNext(order: KeyOrder): Promise<MadeSdkKey> {
    const thread = this.#fresh();
    const madeAt = this.bounds.now();
    const key = await thread.make(order);
    return { ...key, madeAt, sealedAt: this.bounds.now(), plainGoneBy: new Date(thread.endsAt.getTime() + EXIT_MS) };
  }

  #fresh(): KeyThread {
    if (this.#thread === undefined || this.#thread.isSpent) this.#thread = new KeyThread(this.bounds);
    return this.#thread;
  }
}

class KeyThread {
  readonly endsAt: Date;
  readonly #worker: Worker;
  readonly #life: NodeJS.Timeout;
  #keysLeft: number;
  #ended = false;

  constructor({ keys, lifeMs, now }: ThreadBounds) {
    this.endsAt = new Date(now().getTime() + lifeMs);
    this.#keysLeft = keys;
    this.#worker = new Worker(ENTRY, { execArgv: [] });
    this.#worker.unref();
    this.#worker.on('error', () => void this.end());
    this.#life = setTimeout(() => void this.end(), lifeMs).unref();
  }

  get isSpent(): boolean {
    return this.#ended || this.#keysLeft <= 0;
  }

  async make(order: KeyOrder): Promise<SealedSdkKey> {
    this.#keysLeft -= 1;
    const answer = await this.#ask(order);
    if (!answer.ok || this.#keysLeft <= 0) await this.end();
    if (!answer.ok) throw new Error(`the key thread failed (${answer.reason})`);
    return answer.key;
  }

  async end(): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    clearTimeout(this.#life);
    await this.#worker.terminate();
  }

  #ask(order: KeyOrder): Promise<ThreadAnswer> {
    return new Promise((done) => {
      const settle = (answer: ThreadAnswer): void => {
        clearTimeout(patience);
        this.#worker.off('message', settle).off('exit', died);
        done(answer);
      };
      const died = (): void => settle({ ok: false, reason: 'the thread ended' });
      const patience = setTimeout(() => settle({ ok: false, reason: 'no answer in time' }), ORDER_MS);
      this.#worker.once('message', settle).once('exit', died).postMessage(order);
    });
  }
}

/** From a checkout the thread is TypeScript and registers its own loader; built, it is plain JavaScript. */
const ENTRY = new URL(import.meta.url.endsWith('.ts') ? './from-source.mjs' : './key-thread.js', import.meta.url);
