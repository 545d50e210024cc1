import type { RequestListener, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** Clients of ours wait for each answer; some proxies send a few ahead. */
const MOST_UNANSWERED = 8;

/** Closes a connection that pipelines more than a few requests: each would be at work before the first of them was counted. */
export function fewAtOnce(app: RequestListener): RequestListener {
  const bySocket = new WeakMap<Socket, Set<ServerResponse>>();
  return (req, res) => {
    const { socket } = req;
    const unanswered = bySocket.get(socket) ?? new Set();
    if (unanswered.size >= MOST_UNANSWERED) return void socket.destroy();
    if (!bySocket.has(socket)) socket.once('close', () => closeQueued(unanswered));
    bySocket.set(socket, unanswered.add(res));
    res.once('close', () => unanswered.delete(res));
    return app(req, res);
  };
}

/** Node tells only the answer that has the socket that the caller hung up; who counts and logs must hear it of each. */
function closeQueued(unanswered: ReadonlySet<ServerResponse>): void {
  for (const res of unanswered) if (res.socket === null) res.emit('close');
}
