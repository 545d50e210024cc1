import type { Server } from 'node:net';
import { addressKey } from '../limits/address-key.ts';
import type { HttpLimits } from './http-limits.ts';

type Bounds = Pick<HttpLimits, 'maxConnections' | 'maxConnectionsPerAddress'>;

/** One address must not take all connections of the process; a proxy speaks for many and is bounded by the whole only. */
export function boundConnections(server: Server, bounds: Bounds, isProxy: (address: string) => boolean): void {
  const open = new Map<string, number>();
  server.maxConnections = bounds.maxConnections;
  server.on('connection', (socket) => {
    if (isProxy(socket.remoteAddress ?? '')) return;
    const address = addressKey(socket.remoteAddress ?? '');
    const count = (open.get(address) ?? 0) + 1;
    open.set(address, count);
    socket.once('close', () => leave(open, address));
    if (count > bounds.maxConnectionsPerAddress) socket.destroy();
  });
}

function leave(open: Map<string, number>, address: string): void {
  const left = (open.get(address) ?? 1) - 1;
  if (left > 0) open.set(address, left);
  else open.delete(address);
}
