import type { Server } from 'node:https';
import { connect, type SecureVersion, type TLSSocket } from 'node:tls';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { HTTP_LIMITS } from '../../api/http/http-limits.ts';
import { secureServer } from '../../api/http/http-server.ts';
import { tlsContext } from '../../process/tls-context.ts';
import { CLIENT_AUTH, SERVER_AUTH, type TestCertificate, testCa, testCertificate } from '../api-real/stand/test-pki.ts';
import { portOf } from '../api-real/stand/token-issuer.ts';

/* A client that keeps what the server gives it for the next connection, as browsers and HTTP libraries do, against our listeners. */

const SETTINGS = {
  limits: { ...HTTP_LIMITS, maxConnections: 100, maxConnectionsPerAddress: 100 },
  docsUrl: '/docs/errors',
  isProxy: () => false,
};
const VERSIONS: readonly SecureVersion[] = ['TLSv1.2', 'TLSv1.3'];

let tlsCa: TestCertificate;
let clientCa: TestCertificate;
let pair: { certificate: string; key: string };
let client: TestCertificate;

beforeAll(async () => {
  [tlsCa, clientCa] = [await testCa('TLS TEST CA'), await testCa('PARTNER CA')];
  const san = [{ type: 'dns', value: 'localhost' }] as const;
  const server = await testCertificate({ name: 'localhost', issuer: tlsCa, san: [...san], usages: [SERVER_AUTH] });
  pair = { certificate: server.pem, key: server.keyPem };
  client = await testCertificate({ issuer: clientCa, usages: [CLIENT_AUTH] });
});

describe.each(VERSIONS)('%s', (version) => {
  test('where client certificates are asked for no session is resumed: each connection shows its certificate', async () => {
    const port = await listening(secureServer((_req, res) => res.end('ok'), pair, SETTINGS, { clientCas: clientCa.pem }));
    expect(await resumed(port, version)).toEqual({ reused: false, answered: true });
  });

  test('nor after the files of the listener were renewed', async () => {
    const server = secureServer((_req, res) => res.end('ok'), pair, SETTINGS, { clientCas: clientCa.pem });
    const port = await listening(server);
    server.setSecureContext(tlsContext(pair, clientCa.pem));
    expect(await resumed(port, version)).toEqual({ reused: false, answered: true });
  });

  test('where none are asked for it is: the same client would have resumed', async () => {
    const port = await listening(secureServer((_req, res) => res.end('ok'), pair, SETTINGS));
    expect(await resumed(port, version)).toEqual({ reused: true, answered: true });
  });
});

async function listening(server: Server): Promise<number> {
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  onTestFinished(() => new Promise((done) => void server.close(() => done())));
  return portOf(server.address());
}

/** Connects twice; the second time with all that the first connection was given. */
async function resumed(port: number, version: SecureVersion): Promise<{ reused: boolean; answered: boolean }> {
  const first = await visit(port, version);
  const second = await visit(port, version, first.session);
  return { reused: second.reused, answered: first.answer === 'ok' && second.answer === 'ok' };
}

interface Visit {
  reused: boolean;
  answer: string;
  session: Buffer | undefined;
}

function visit(port: number, version: SecureVersion, session?: Buffer): Promise<Visit> {
  return new Promise((done, failed) => {
    const options = { port, host: '127.0.0.1', servername: 'localhost', ca: tlsCa.pem, minVersion: version, maxVersion: version };
    const known = session === undefined ? {} : { session };
    const socket: TLSSocket = connect({ ...options, cert: client.pem, key: client.keyPem, ...known });
    let text = '';
    let given: Buffer | undefined;
    socket.on('session', (ticket) => {
      given = ticket;
    });
    socket.on('secureConnect', () => socket.write('GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n'));
    socket.setEncoding('latin1').on('data', (more: string) => {
      text += more;
    });
    socket.on('error', failed);
    socket.on('end', () => {
      const kept = given ?? socket.getSession();
      done({ reused: socket.isSessionReused(), answer: /ok/.exec(text)?.[0] ?? text, session: kept });
      socket.destroy();
    });
  });
}
