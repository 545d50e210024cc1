import { Counter, type Registry } from 'prom-client';
import type { PinOutcome } from '../store/pin-attempt.ts';
import { SharedWork } from './one-run-for-all.ts';

/** How soon after an accepted signal the same run is signalled again, when a satisfied PIN is repeated. */
const WAKE_AGAIN_MS = 5_000;

/** What one API process remembers of PIN entries while it judges them, and what it tells the operator. Nothing here decides an outcome. */
export class PinGuard {
  /** By enrollment and attempt: copies of one attempt wait for the first, without a slot and without the database. */
  readonly attempts = new SharedWork<PinOutcome>(0);
  /** By enrollment: a satisfied PIN that is repeated without end wakes its run now and then only. */
  readonly wakes: SharedWork<void>;
  readonly evaluations = new Counter({
    name: 'cs_pin_evaluations_total',
    help: 'PIN entries of devices that were evaluated with Argon2, by mode (setup, verify)',
    labelNames: ['mode'],
    registers: [],
  });
  readonly keyMissing = new Counter({
    name: 'cs_pin_key_missing_total',
    help: 'PIN entries refused, uncharged, because this process lacks the pepper of the stored PIN, by key id',
    labelNames: ['kid'],
    registers: [],
  });

  constructor(wakeAgainMs = WAKE_AGAIN_MS) {
    this.wakes = new SharedWork(wakeAgainMs);
  }

  /** Shows its counters under /metrics of the process. */
  register(registry: Registry): void {
    registry.registerMetric(this.evaluations);
    registry.registerMetric(this.keyMissing);
  }
}
