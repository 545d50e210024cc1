import { parentPort } from 'node:worker_threads';
import type { KeyOrder, ThreadAnswer, ThreadCall } from './key-order.ts';
import { makeSealedKey } from './make-sealed-key.ts';

/*
 * The thread that makes and seals SDK keys. An error ends it: whatever it still holds goes with it.
 * From its first order on it also ends itself, so that a parent whose event loop is blocked cannot prolong the life of a key.
 */
let life: NodeJS.Timeout | undefined;

parentPort?.on('message', ({ order, endsNs }: ThreadCall) => {
  life ??= setTimeout(() => process.exit(), Number((endsNs - process.hrtime.bigint()) / 1_000_000n));
  parentPort?.postMessage(answer(order));
});

function answer(order: KeyOrder): ThreadAnswer {
  try {
    return { ok: true, key: makeSealedKey(order) };
  } catch (error) {
    // The name only: a message could quote what it failed on.
    return { ok: false, reason: error instanceof Error ? error.name : 'failure' };
  }
}
