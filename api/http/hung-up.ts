import type { ServerResponse } from 'node:http';

/** Whether nobody is there any more to read this answer; of an answer that waits behind others of its connection `res.closed` does not say. */
export function hungUp({ req }: ServerResponse): boolean {
  return req.socket.destroyed;
}
