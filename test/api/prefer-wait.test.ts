import { createServer } from 'node:http';
import express from 'express';
import { expect, test } from 'vitest';
import { preferredWaitMs } from '../../api/prefer-wait.ts';

test.each([
  ['wait=3', 3_000, 'wait=3'],
  ['wait=0', 0, 'wait=0'],
  ['wait=25', 25_000, 'wait=25'],
  ['wait=26', 25_000, 'wait=25'],
  ['wait=999999', 25_000, 'wait=25'],
  ['respond-async, wait=5', 5_000, 'wait=5'],
  ['Wait = "7"; foo', 7_000, 'wait=7'],
  ['wait=-1', 10_000, null],
  ['wait=1.5', 10_000, null],
  ['await=3', 10_000, null],
  ['wait=', 10_000, null],
  ['wait=99999999999', 10_000, null],
])('Prefer: %s waits %d ms', async (prefer, expectedMs, applied) => {
  expect(await ask({ prefer })).toEqual({ waitMs: expectedMs, applied });
});

test('without the header the preset of the call counts and nothing is said to be applied', async () => {
  expect(await ask({})).toEqual({ waitMs: 10_000, applied: null });
});

test('eight calls of an enrollment wait; a ninth is answered at once, one of another enrollment waits, and so does the next after one has ended', async () => {
  const finish: (() => void)[] = [];
  const app = express().get('/:id', (req, res) => {
    const waitMs = preferredWaitMs(req, res, 10);
    res.setHeader('x-wait-ms', waitMs).flushHeaders();
    if (waitMs > 0) finish.push(() => res.end());
    else res.end();
  });
  const server = createServer(app);
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('does not listen');
  const waitOf = async (id: string) => {
    const { headers } = await fetch(`http://127.0.0.1:${address.port}/${id}`, { headers: { prefer: 'wait=5' } });
    return [headers.get('x-wait-ms'), headers.get('preference-applied')];
  };
  const applied = ['5000', 'wait=5'];
  for (let n = 0; n < 8; n += 1) expect(await waitOf('a')).toEqual(applied);
  expect([await waitOf('A'), await waitOf('b')]).toEqual([['0', null], applied]);
  finish.shift()?.();
  await expect.poll(() => waitOf('a')).toEqual(applied);
  for (const end of finish) end();
  server.closeAllConnections();
  server.close();
});

async function ask(headers: Record<string, string>): Promise<{ waitMs: unknown; applied: string | null }> {
  const app = express().get('/', (req, res) => void res.json(preferredWaitMs(req, res, 10)));
  const server = createServer(app);
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('does not listen');
  const response = await fetch(`http://127.0.0.1:${address.port}/`, { headers });
  const answer = { waitMs: await response.json(), applied: response.headers.get('preference-applied') };
  await new Promise((done) => server.close(done));
  return answer;
}
