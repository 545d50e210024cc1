import { randomBytes } from 'node:crypto';
import { Writable } from 'node:stream';
import { pino } from 'pino';
import { describe, expect, test, vi } from 'vitest';
import { ServiceError } from '../../contract/service-error.ts';
import { createLogger } from '../../process/logger.ts';

/** Made anew each run: whatever of it reaches a line is found. */
const secret = randomBytes(32);
const texts = {
  token: `cse_${secret.toString('base64url')}`,
  base64: secret.toString('base64'),
  hex: secret.toString('hex'),
  octets: [...secret].join(','),
  phc: `$argon2id$v=19$m=19456,t=2,p=1$${randomBytes(16).toString('base64')}$${secret.toString('base64')}`,
  pem: `-----BEGIN PRIVATE KEY-----\n${secret.toString('base64')}\n-----END PRIVATE KEY-----`,
  pin: '739184',
  url: 'postgresql://cs_api:s3cr3t-pass@db/x',
  user: '"u-4711@example.org"',
};

/** Standard output of the logger, caught. */
function linesOf(log: (logger: ReturnType<typeof createLogger>) => void): string {
  const write = vi.spyOn(process.stdout, 'write');
  const written: string[] = [];
  const sink = new Writable({ write: (chunk, _encoding, done) => (written.push(String(chunk)), done()) });
  const logger = createLogger('test', 'trace');
  Reflect.set(logger, pino.symbols.streamSym, sink);
  log(logger);
  write.mockRestore();
  return written.join('');
}

function expectNoSecret(line: string): void {
  for (const [name, text] of Object.entries(texts)) expect(line.includes(text), name).toBe(false);
  expect(line).not.toContain('s3cr3t-pass');
  expect(line).not.toContain('4711@example');
  expect(line).not.toContain(secret.toString('base64url').slice(4, 24));
}

describe('the log', () => {
  test('writes fields that are on the list and no others, at every level', () => {
    const line = linesOf((log) => {
      for (const level of ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const)
        log[level]({ requestId: 'r-1', status: 200, ...texts, headers: { authorization: texts.token } }, 'request');
    });
    const entries = line
      .trim()
      .split('\n')
      .map((text) => JSON.parse(text));
    expect(entries).toHaveLength(6);
    for (const entry of entries) {
      expect(entry).toMatchObject({ process: 'test', requestId: 'r-1', status: 200, msg: 'request' });
      expect(entry.dropped).toEqual([...Object.keys(texts), 'headers']);
    }
    expectNoSecret(line);
  });

  test('of a whole request, a configuration, a key or a buffer passed by mistake keeps the names only', () => {
    const worst = {
      req: { headers: { authorization: `Bearer ${texts.token}` }, body: { pinHash: { value: texts.base64 } } },
      config: { pinPepperKeys: { current: { kid: 'p1', key: secret } } },
      key: secret,
      map: new Map([['token', texts.token]]),
      requestId: { nested: texts.token },
      err: { message: texts.token },
    };
    const line = linesOf((log) => log.error(worst, 'worst'));
    expectNoSecret(line);
    expect(JSON.parse(line)).toMatchObject({ err: { type: 'object' }, dropped: ['req', 'config', 'key', 'map', 'requestId'] });
  });

  test.each(Object.entries(texts))('of an error that quotes a secret (%s) keeps the sentence and not the secret', (_name, text) => {
    const error = Object.assign(new TypeError(`Cannot use ${text} here`, { cause: new Error(text) }), { body: text, query: { text } });
    const line = linesOf((log) => log.error({ err: error }, 'unexpected failure'));
    expectNoSecret(line);
    expect(JSON.parse(line).err).toMatchObject({ type: 'TypeError', message: expect.stringContaining('Cannot use [hidden]') });
  });

  test('of errors as libraries throw them: JSON, URL, a driver with its query', () => {
    const thrown = [
      caught(() => JSON.parse(texts.token)),
      caught(() => new URL(`http://[${texts.token}`)),
      Object.assign(new Error(`invalid input syntax for type uuid: "${texts.token}"\nparameters: ${texts.phc}`), {
        parameters: [texts.phc],
      }),
      texts.token,
    ];
    for (const err of thrown) expectNoSecret(linesOf((log) => log.warn({ err }, 'turn failed')));
  });

  test('keeps what an operator needs: our own sentences, codes, where it happened', () => {
    const error = new ServiceError('service_unavailable', 'The database does not answer.');
    const { err } = JSON.parse(linesOf((log) => log.error({ err: error }, 'x')));
    expect(err).toMatchObject({ code: 'service_unavailable', message: 'The database does not answer.' });
    expect(err.stack[0]).toMatch(/^at .*logger\.test\.ts/);
  });

  test('an id of an enrollment stays readable in its own field', () => {
    const enrollmentId = '5f6c1f6a-95f0-4d4c-8a0f-0a4a5f5b8f10';
    expect(JSON.parse(linesOf((log) => log.info({ enrollmentId }, 'x')))).toMatchObject({ enrollmentId });
  });
});

function caught(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    return error;
  }
}
