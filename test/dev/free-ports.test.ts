import { createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { assertPortsFree, freePort } from '../../cli/dev/free-ports.ts';

const holder = createServer();
let taken = 0;

beforeAll(async () => {
  await new Promise<void>((done) => holder.listen(0, '127.0.0.1', done));
  const address = holder.address();
  taken = typeof address === 'object' && address !== null ? address.port : 0;
});

afterAll(() => new Promise((done) => holder.close(done)));

describe('ports, before anything is started', () => {
  it('are fine when nobody listens', async () => {
    await expect(assertPortsFree([{ port: await freePort(), role: 'API', option: '--api-port' }])).resolves.toBeUndefined();
  });

  it('that are taken are named with their part and the option that changes them', async () => {
    const check = assertPortsFree([{ port: taken, role: 'HTTPS API', option: '--api-port' }]);
    await expect(check).rejects.toThrow(
      `Port ${taken} for the HTTPS API is taken by another process; stop that one or choose another port with --api-port.`,
    );
  });

  it('that two parts want are refused', async () => {
    const port = await freePort();
    const wanted = ['API', 'codec server'].map((role) => ({ port, role, option: '--x-port' }));
    await expect(assertPortsFree(wanted)).rejects.toThrow(/codec server is wanted by another part/);
  });

  it('are waited for while their holder ends', async () => {
    const brief = createServer();
    const port = await freePort();
    await new Promise<void>((done) => brief.listen(port, '127.0.0.1', done));
    setTimeout(() => brief.close(), 500);
    await expect(assertPortsFree([{ port, role: 'API', option: '--api-port' }], 5_000)).resolves.toBeUndefined();
  });
});
