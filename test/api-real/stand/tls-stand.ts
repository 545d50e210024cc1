import { once } from 'node:events';
import type { Server } from 'node:https';
import { connect, type TLSSocket } from 'node:tls';
import { afterAll } from 'vitest';
import { publicApp } from '../../../api/app.ts';
import { addressList } from '../../../api/http/address-list.ts';
import { HTTP_LIMITS, type HttpLimits } from '../../../api/http/http-limits.ts';
import { secureServer } from '../../../api/http/http-server.ts';
import { listen } from '../../../api/http/listener.ts';
import { makeTestTls } from '../../sdk/test-tls.ts';
import type { Stand } from './stand.ts';

/** The API of a stand behind the TLS listener as it runs. */
export interface TlsStand {
  readonly port: number;
  readonly ca: string;
  readonly server: Server;
}

export async function startTlsStand({ deps }: Pick<Stand, 'deps'>, limits: Partial<HttpLimits> = {}): Promise<TlsStand> {
  const { ca, cert, key } = makeTestTls();
  const { trustedProxies, maxConnections, maxConnectionsPerAddress } = deps.config;
  const bounds = { ...HTTP_LIMITS, maxConnections, maxConnectionsPerAddress, ...limits };
  const settings = { limits: bounds, docsUrl: '/docs/errors', isProxy: addressList(trustedProxies) };
  const server = secureServer(publicApp(deps), { certificate: cert, key }, settings);
  const port = await listen(server, 0, '127.0.0.1');
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });
  return { port, ca, server };
}

export async function openTls({ port, ca }: Pick<TlsStand, 'port' | 'ca'>): Promise<TLSSocket> {
  const socket = connect({ port, host: '127.0.0.1', servername: 'localhost', ca });
  await once(socket, 'secureConnect');
  return socket;
}

export interface Heard {
  readonly text: string;
  /** Status of every answer in it. */
  readonly statuses: number[];
  /** The server ended the connection. */
  readonly closed: boolean;
}

/** Sends octets as they are and hears until the server closes, or until it has given so many answers and says no more. */
export async function say(stand: Pick<TlsStand, 'port' | 'ca'>, octets: string | Uint8Array, answers = 1): Promise<Heard> {
  const socket = await openTls(stand);
  socket.write(octets);
  const heard = await hear(socket, answers);
  socket.destroy();
  return heard;
}

const PATIENCE_MS = 8_000;
/** After the last answer that was awaited: time for one that must not come. */
const SILENCE_MS = 250;

export function hear(socket: TLSSocket, answers: number): Promise<Heard> {
  return new Promise((done) => {
    let text = '';
    const finish = (closed: boolean) => done({ text, statuses: statusesOf(text), closed });
    let timer = setTimeout(() => finish(false), PATIENCE_MS);
    socket.on('data', (part: Buffer) => {
      text += part.toString('latin1');
      clearTimeout(timer);
      timer = setTimeout(() => finish(false), statusesOf(text).length >= answers ? SILENCE_MS : PATIENCE_MS);
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      clearTimeout(timer);
      finish(true);
    });
  });
}

function statusesOf(text: string): number[] {
  return [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));
}
