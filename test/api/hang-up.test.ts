import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { fewAtOnce } from '../../api/http/few-at-once.ts';
import { hungUp } from '../../api/http/hung-up.ts';

const GET = 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n';

test('a caller that pipelines and hangs up: every answer is closed, once, and knows that nobody reads it', async () => {
  const answers: ServerResponse[] = [];
  const closed = new Map<ServerResponse, number>();
  const server = createServer(
    fewAtOnce((_req, res) => {
      answers.push(res);
      res.on('close', () => closed.set(res, (closed.get(res) ?? 0) + 1));
      if (answers.length === 1) res.end('read by the caller');
    }),
  );
  await once(server.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(() => void server.close());
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const socket = connect(address.port, '127.0.0.1');
  socket.write(GET.repeat(4));
  await once(socket, 'data');
  await expect.poll(() => answers.length).toBe(4);
  expect(answers.map(hungUp)).toEqual([false, false, false, false]);
  socket.destroy();
  await expect.poll(() => closed.size).toBe(4);
  expect([...closed.values()]).toEqual([1, 1, 1, 1]);
  expect(answers.map(hungUp)).toEqual([true, true, true, true]);
});
