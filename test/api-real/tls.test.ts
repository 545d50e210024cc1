import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, renameSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import { pino } from 'pino';
import { describe, expect, onTestFinished, test } from 'vitest';
import { watchTlsFiles } from '../../process/watch-tls-files.ts';
import { makeTestTls } from '../sdk/test-tls.ts';
import { startStand } from './stand/stand.ts';
import { testCertificate } from './stand/test-pki.ts';
import { startTlsStand } from './stand/tls-stand.ts';

const stand = await startStand();
const tls = await startTlsStand(stand);

function open(options: ConnectionOptions): Promise<TLSSocket> {
  return new Promise((done, failed) => {
    const socket = connect({ port: tls.port, host: '127.0.0.1', servername: 'localhost', ca: tls.ca, ...options });
    socket.once('secureConnect', () => done(socket)).once('error', failed);
    onTestFinished(() => void socket.destroy());
  });
}

describe('what is spoken', () => {
  test('TLS 1.3 where the client can, 1.2 with ECDHE and AEAD where it cannot', async () => {
    expect((await open({})).getProtocol()).toBe('TLSv1.3');
    for (const cipher of ['ECDHE-ECDSA-AES256-GCM-SHA384', 'ECDHE-ECDSA-AES128-GCM-SHA256', 'ECDHE-ECDSA-CHACHA20-POLY1305']) {
      const socket = await open({ maxVersion: 'TLSv1.2', ciphers: cipher });
      expect([socket.getProtocol(), socket.getCipher().name]).toEqual(['TLSv1.2', cipher]);
    }
  });

  test.each([
    ['TLS 1.1', { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'ALL:@SECLEVEL=0' }],
    ['CBC', { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES256-SHA384:ECDHE-ECDSA-AES128-SHA' }],
    ['plain RSA key exchange', { maxVersion: 'TLSv1.2', ciphers: 'AES256-GCM-SHA384:AES128-GCM-SHA256' }],
    ['DHE', { maxVersion: 'TLSv1.2', ciphers: 'DHE-RSA-AES256-GCM-SHA384' }],
    ['CCM with short tags', { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES256-CCM8' }],
    ['no authentication', { maxVersion: 'TLSv1.2', ciphers: 'aNULL:@SECLEVEL=0' }],
    ['SHA-1 signatures', { maxVersion: 'TLSv1.2', sigalgs: 'ECDSA+SHA1', ciphers: 'ALL:@SECLEVEL=0' }],
    ['finite field groups of TLS 1.3', { ecdhCurve: 'ffdhe2048:ffdhe8192' }],
    ['P-521', { ecdhCurve: 'P-521' }],
    ['HTTP/2 alone', { ALPNProtocols: ['h2'] }],
  ] as const)('%s: no handshake', async (_what, options) => {
    await expect(
      open({ ...options, ...('ALPNProtocols' in options ? { ALPNProtocols: [...options.ALPNProtocols] } : {}) }),
    ).rejects.toThrow();
  });

  test('of h2 and http/1.1 the latter is chosen', async () => {
    expect((await open({ ALPNProtocols: ['h2', 'http/1.1'] })).alpnProtocol).toBe('http/1.1');
  });

  test('a renegotiation is refused', async () => {
    const socket = await open({ maxVersion: 'TLSv1.2' });
    const refused = new Promise((done) => {
      socket.renegotiate({}, (error) => done(error));
      socket.once('error', done).once('close', done);
    });
    expect(await Promise.race([refused, once(socket, 'secure').then(() => undefined)])).toBeDefined();
  });
});

/** A listener of its own whose files can be replaced. */
async function watched() {
  const folder = mkdtempSync(join(tmpdir(), 'cs-tls-'));
  const mine = await startTlsStand(stand);
  const lines: string[] = [];
  const log = pino({ base: null }, { write: (line: string) => void lines.push(line) });
  const paths = { certificate: join(folder, 'cert.pem'), key: join(folder, 'key.pem') };
  const put = (file: keyof typeof paths, content: string) => {
    writeFileSync(`${paths[file]}.new`, content);
    renameSync(`${paths[file]}.new`, paths[file]);
  };
  const first = makeTestTls();
  mine.server.setSecureContext({ cert: first.cert, key: first.key });
  put('certificate', first.cert);
  put('key', first.key);
  const files = { certificate: { path: paths.certificate, content: first.cert }, key: { path: paths.key, content: first.key } };
  const watch = watchTlsFiles(mine.server, files, 3_600, log);
  onTestFinished(() => watch.stop());
  const fingerprint = async () => {
    const socket = connect({ port: mine.port, host: '127.0.0.1', rejectUnauthorized: false });
    await once(socket, 'secureConnect');
    const seen = socket.getPeerCertificate().fingerprint256;
    socket.destroy();
    return seen;
  };
  return { ...mine, first, put, watch, lines, fingerprint, paths, files, log };
}

const of = (pem: string) => new X509Certificate(pem).fingerprint256;

describe('a renewed certificate', () => {
  test('that is not valid yet waits until it is, and is complained of once', async () => {
    const { put, watch, fingerprint, first, lines } = await watched();
    const next = await testCertificate({ name: 'localhost', notBefore: new Date(Date.now() + 3_000) });
    put('certificate', next.pem);
    put('key', next.keyPem);
    expect([await watch.look(), await watch.look(), await fingerprint()]).toEqual([false, false, of(first.cert)]);
    expect(lines.filter((line) => line.includes('was not taken over'))).toHaveLength(1);
    await expect.poll(() => watch.look(), { timeout: 20_000, interval: 200 }).toBe(true);
    expect(await fingerprint()).toBe(of(next.pem));
  });

  test('is given to new connections; one that is open goes on', async () => {
    const { port, first, put, watch, fingerprint, lines } = await watched();
    const before = connect({ port, host: '127.0.0.1', servername: 'localhost', ca: first.ca });
    await once(before, 'secureConnect');
    const next = makeTestTls();
    put('certificate', next.cert);
    put('key', next.key);
    expect(await watch.look()).toBe(true);
    expect(await fingerprint()).toBe(of(next.cert));
    before.write('GET /docs/errors HTTP/1.1\r\nHost: localhost\r\n\r\n');
    const [answer] = await once(before, 'data');
    before.destroy();
    expect(String(answer)).toMatch(/^HTTP\/1\.1 200/);
    expect(lines.join('')).toContain('TLS certificate replaced');
    expect(lines.join('')).not.toContain('PRIVATE KEY');
  });

  test('is still only TLS 1.2 and better, with the same ciphers', async () => {
    const { port, put, watch } = await watched();
    const next = makeTestTls();
    put('certificate', next.cert);
    put('key', next.key);
    await watch.look();
    const socket = connect({
      port,
      host: '127.0.0.1',
      rejectUnauthorized: false,
      maxVersion: 'TLSv1.2',
      ciphers: 'ECDHE-ECDSA-AES128-SHA',
    });
    await expect(once(socket, 'secureConnect')).rejects.toThrow();
  });

  test('that comes before its key is taken over when the key is there', async () => {
    const { first, put, watch, fingerprint, lines } = await watched();
    const next = makeTestTls();
    put('certificate', next.cert);
    expect([await watch.look(), await watch.look(), await fingerprint()]).toEqual([false, false, of(first.cert)]);
    expect(lines.filter((line) => line.includes('the key is not the one of the certificate'))).toHaveLength(1);
    put('key', next.key);
    expect([await watch.look(), await fingerprint()]).toEqual([true, of(next.cert)]);
  });

  test.each([
    ['is no PEM', 'certificate', 'nonsense'],
    ['is empty', 'certificate', ''],
    ['has a key that is no PEM', 'key', 'nonsense'],
  ] as const)('that %s is not taken over', async (_what, file, content) => {
    const { first, put, watch, fingerprint } = await watched();
    put(file, content);
    expect([await watch.look(), await fingerprint()]).toEqual([false, of(first.cert)]);
  });

  test('is noticed by the clock too', async () => {
    const { server, files, log, put, fingerprint } = await watched();
    const everySecond = watchTlsFiles(server, files, 1, log);
    onTestFinished(() => everySecond.stop());
    const next = makeTestTls();
    put('key', next.key);
    put('certificate', next.cert);
    await expect.poll(fingerprint).toBe(of(next.cert));
  });
});
