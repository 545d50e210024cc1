import type { RequestListener } from 'node:http';
import type { Socket } from 'node:net';

/** Clients of ours wait for each answer; some proxies send a few ahead. */
const MOST_UNANSWERED = 8;

/** Closes a connection that pipelines more than a few requests: each would be at work before the first of them was counted. */
export function fewAtOnce(app: RequestListener): RequestListener {
  const unanswered = new WeakMap<Socket, number>();
  return (req, res) => {
    const { socket } = req;
    const count = (unanswered.get(socket) ?? 0) + 1;
    if (count > MOST_UNANSWERED) return void socket.destroy();
    unanswered.set(socket, count);
    res.once('close', () => unanswered.set(socket, (unanswered.get(socket) ?? 1) - 1));
    return app(req, res);
  };
}
