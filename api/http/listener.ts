import type { Server } from 'node:http';

/** How long answers that are under way may take after a stop was asked for: the longest wait is 25 s. */
const DRAIN_MS = 28_000;

/** Opens the port; resolves with the number that it got. */
export function listen(server: Server, port: number, host: string): Promise<number> {
  return new Promise((done, failed) => {
    server.once('error', failed);
    server.listen(port, host, () => {
      const address = server.address();
      done(typeof address === 'object' && address !== null ? address.port : port);
    });
  });
}

/** No new connections; idle ones close at once, busy ones when they have answered. */
export function drain(server: Server): Promise<void> {
  return new Promise((done) => {
    server.close(() => done());
    server.closeIdleConnections();
    setTimeout(() => server.closeAllConnections(), DRAIN_MS).unref();
  });
}
