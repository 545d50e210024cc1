import { spawnSync } from 'node:child_process';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { listenFault } from '../../process/start-fault.ts';
import { environmentOf } from '../config/process-environment.ts';

const MAIN = join(import.meta.dirname, '..', '..', 'cli', 'main.ts');

/** The error that Node has for opening a port. */
async function errorOf(port: number, host: string): Promise<unknown> {
  const server = createServer();
  return new Promise((done) => {
    server.once('error', done);
    server.listen(port, host, () => server.close(() => done(undefined)));
  });
}

async function taken(): Promise<{ port: number; free(): void }> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const address = server.address();
  return { port: typeof address === 'object' && address !== null ? address.port : 0, free: () => void server.close() };
}

test('a port in use is told with its variable', async () => {
  const { port, free } = await taken();
  const error = await errorOf(port, '127.0.0.1');
  expect(listenFault('api', { apiPort: port, filesPort: 1 }, error)).toBe(
    `CS_API_PORT: port ${port} at 127.0.0.1 is in use. End what listens there (ss -ltnp), or set another port`,
  );
  expect(listenFault('worker', { workerHealthPort: port }, error)).toContain(`CS_WORKER_HEALTH_PORT: port ${port}`);
  expect(listenFault('api', { apiPort: port, filesPort: port }, error)).toContain('CS_API_PORT or CS_FILES_PORT:');
  free();
});

test('an address of another machine is told with its variable', async () => {
  const error = await errorOf(18_443, '192.0.2.1');
  expect(listenFault('api', { apiPort: 18_443 }, error)).toMatch(/^CS_API_HOST: 192\.0\.2\.1 is no address of this machine\. 0\.0\.0\.0/);
  expect(listenFault('api', { operatorPort: 18_443 }, error)).toMatch(/^CS_OPERATOR_HOST: /);
  expect(listenFault('issuer', { issuerHealthPort: 18_443 }, error)).toMatch(/^CS_INTERNAL_HOST: /);
});

test('a port that only root may open is told with both ways out', () => {
  const error = Object.assign(new Error('listen EACCES'), { syscall: 'listen', code: 'EACCES', port: 443, address: '0.0.0.0' });
  expect(listenFault('api', { apiPort: 443 }, error)).toBe(
    'CS_API_PORT: this user may not listen on port 443. Set one of 1024 or more, or give the process CAP_NET_BIND_SERVICE',
  );
});

test('whatever else fails is not called a port', () => {
  expect(listenFault('api', {}, new Error('anything'))).toBeUndefined();
});

test('a real process ends with code 2 and that sentence alone', { timeout: 60_000 }, async () => {
  const { port, free } = await taken();
  const env = { PATH: process.env['PATH'], ...environmentOf('codec', { CS_CODEC_PORT: String(port), CS_ENV: 'development' }) };
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--import', 'tsx', MAIN, 'codec'], { env, encoding: 'utf8' });
  expect({ status, stdout, lines: stderr.trim().split('\n') }).toEqual({
    status: 2,
    stdout: '',
    lines: ['codec cannot start:', expect.stringMatching(`^  - CS_CODEC_PORT: port ${port} at 127\\.0\\.0\\.1 is in use\\. .*\\.$`)],
  });
  free();
});
