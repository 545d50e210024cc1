import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { startSecondApi, startStand } from './stand/stand.ts';
import { hear, openTls, startTlsStand } from './stand/tls-stand.ts';

const stand = await startStand();
const SHORT = { handshakeMs: 400, headersMs: 400, requestMs: 800, silenceMs: 3_000, keepAliveMs: 400, checkMs: 100 };
const tls = await startTlsStand(stand, SHORT);

const GET = 'GET /.well-known/cs-evidence-jwks.json HTTP/1.1\r\nHost: localhost\r\n';

describe('a caller that takes its time', () => {
  test.each([
    ['headers that never end', [GET]],
    ['headers that come letter by letter', GET.split('')],
    ['a body that never comes', [`${GET}Content-Length: 10\r\n\r\n`]],
    [
      'a body that comes letter by letter',
      [`POST /v1/enrollments HTTP/1.1\r\nHost: localhost\r\nContent-Length: 90\r\n\r\n`, ...'x'.repeat(80)],
    ],
  ])('%s: 408, and the connection is over', async (_what, parts) => {
    const socket = await openTls(tls);
    onTestFinished(() => void socket.destroy());
    const heard = hear(socket, 1);
    const timer = setInterval(() => socket.writable && parts.length > 0 && socket.write(parts.shift() ?? ''), 40);
    const { statuses, closed, text } = await heard;
    clearInterval(timer);
    // A call without a body is answered while its body is still awaited.
    expect([[408], [200, 408], [200]]).toContainEqual(statuses);
    expect(closed).toBe(true);
    if (statuses.includes(408)) expect(text).toContain('"code":"request_timeout"');
  });

  test('no handshake at all: closed', async () => {
    const socket = connect(tls.port, '127.0.0.1');
    await once(socket, 'close');
    expect(socket.bytesRead).toBe(0);
  });

  test('a connection between two requests is closed after its time', async () => {
    const socket = await openTls(tls);
    socket.write(`${GET}\r\n`);
    const { statuses, closed } = await hear(socket, 2);
    expect([statuses, closed]).toEqual([[200], true]);
  });
});

test('one address gets its share of the connections and no more; another one is not hindered', async () => {
  const bounded = await startTlsStand(await startSecondApi(stand, {}), { maxConnectionsPerAddress: 3 });
  const kept = await Promise.all([openTls(bounded), openTls(bounded), openTls(bounded)]);
  await expect(openTls(bounded)).rejects.toThrow(/disconnected|ECONNRESET|socket/i);
  kept[0]?.destroy();
  await expect
    .poll(() =>
      openTls(bounded).then(
        (socket) => !socket.destroy().connecting,
        () => false,
      ),
    )
    .toBe(true);
  for (const socket of kept) socket.destroy();
});

test('the listener has its share of connections and no more', async () => {
  const bounded = await startTlsStand(await startSecondApi(stand, {}), { maxConnections: 2 });
  const kept = await Promise.all([openTls(bounded), openTls(bounded)]);
  await expect(openTls(bounded)).rejects.toThrow(/disconnected|ECONNRESET|socket/i);
  for (const socket of kept) socket.destroy();
});

test('after so many requests a connection is told to close', async () => {
  const bounded = await startTlsStand(await startSecondApi(stand, {}), { maxRequestsPerConnection: 2 });
  const socket = await openTls(bounded);
  const answers: string[] = [];
  for (let n = 0; n < 2; n += 1) {
    socket.write(`${GET}\r\n`);
    answers.push(String(await once(socket, 'data')));
  }
  socket.destroy();
  expect(answers.map((answer) => /^connection: close/im.test(answer))).toEqual([false, true]);
});
