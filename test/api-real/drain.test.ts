import { Agent, createServer, request } from 'node:http';
import express from 'express';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { newDrain } from '../../api/drain.ts';
import { drain as close } from '../../api/http/listener.ts';
import { portOf } from './stand/token-issuer.ts';

const drain = newDrain();
const app = express();
let arrived: () => void = () => undefined;
const atWork = new Promise<void>((done) => {
  arrived = done;
});
app.get('/slow', (_req, res) => {
  arrived();
  setTimeout(() => res.json({ done: true }), 2_500);
});
app.get('/', (_req, res) => void res.json({ done: true }));
const server = createServer(drain.before(app, '/docs/errors'));
const agent = new Agent({ keepAlive: true, maxSockets: 2 });
let port = 0;
beforeAll(async () => {
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  port = portOf(server.address());
});
afterAll(() => agent.destroy());

it('what is under way is answered, a further request on a kept connection is told to go elsewhere, then nothing listens', async () => {
  expect(await get('/')).toMatchObject({ status: 200 });
  const underWay = get('/slow');
  await atWork;
  const lingered = drain.begin();
  expect(drain.begun).toBe(true);
  const refused = await get('/');
  expect(refused).toMatchObject({ status: 503, headers: { connection: 'close', 'retry-after': '1' } });
  expect(JSON.parse(refused.text)).toMatchObject({ code: 'shutting_down', retryable: true });
  await lingered;
  const closed = close(server);
  expect(await underWay).toMatchObject({ status: 200 });
  await closed;
  await expect(get('/')).rejects.toThrow(/ECONNREFUSED|socket hang up/);
});

function get(path: string): Promise<{ status: number | undefined; headers: object; text: string }> {
  return new Promise((done, failed) => {
    request({ host: '127.0.0.1', port, path, agent }, (answer) => {
      let text = '';
      answer.on('data', (part: Buffer) => {
        text += part.toString();
      });
      answer.on('end', () => done({ status: answer.statusCode, headers: answer.headers, text }));
    })
      .on('error', failed)
      .end();
  });
}
