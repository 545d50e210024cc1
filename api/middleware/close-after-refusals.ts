import type { Socket } from 'node:net';
import type { Request, Response } from 'express';

/** So many calls over a limit on one connection: then whoever goes on pays for a new handshake. */
const MOST_REFUSALS = 10;

const refusals = new WeakMap<Socket, number>();

/** Counts an answer `429 too_many_requests` on its connection and ends it with the tenth. A proxy speaks for many: its connections stay. */
export function closeAfterRefusals({ socket }: Request, res: Response, isProxy: (address: string) => boolean): void {
  if (isProxy(socket.remoteAddress ?? '')) return;
  const count = (refusals.get(socket) ?? 0) + 1;
  refusals.set(socket, count);
  if (count >= MOST_REFUSALS) res.setHeader('Connection', 'close');
}
