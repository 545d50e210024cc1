import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { type ErrorCode, isErrorCode } from '../../contract/error-codes.ts';
import { startStand } from './stand/stand.ts';
import { type Heard, hear, openTls, say, startTlsStand } from './stand/tls-stand.ts';

const stand = await startStand();
const tls = await startTlsStand(stand);

const BODY = JSON.stringify({ userId: 'u-raw', deviceId: 'd-1', tokenId: 't-1', pin: 'verify', platform: 'ios' });
const HEAD = 'Host: localhost';
const GET = `GET /.well-known/cs-evidence-jwks.json HTTP/1.1\r\n${HEAD}\r\n`;
const CHUNKED_BODY = `${BODY.length.toString(16)}\r\n${BODY}\r\n0\r\n\r\n`;

/** A good create, which leaves a row when it is taken for a request of its own. */
async function create(): Promise<{ head: string; whole: string; wasMade: () => Promise<boolean> }> {
  const key = randomUUID();
  const token = await stand.issuer.token();
  const head = `POST /v1/enrollments HTTP/1.1\r\n${HEAD}\r\nAuthorization: Bearer ${token}\r\nIdempotency-Key: ${key}\r\nContent-Type: application/json\r\n`;
  return {
    head,
    whole: `${head}Content-Length: ${BODY.length}\r\n\r\n${BODY}`,
    wasMade: async () => (await stand.db.enrollment.count({ where: { idempotencyKey: key } })) > 0,
  };
}

/** One refusal, well-formed, of the closed union, and the connection is over. */
function expectRefused(heard: Heard, status: number, code?: ErrorCode): void {
  expect(heard.statuses, heard.text).toEqual([status]);
  expect(heard.closed).toBe(true);
  const [head = '', body = ''] = heard.text.split('\r\n\r\n');
  expect(head).toMatch(/^content-type: application\/problem\+json/im);
  expect(head).toMatch(/^connection: close/im);
  expect(head).toMatch(/^x-request-id: [0-9a-f-]{36}/im);
  expect(head).not.toMatch(/^x-powered-by/im);
  const problem = JSON.parse(body.slice(body.indexOf('{'), body.lastIndexOf('}') + 1));
  expect(isErrorCode(problem.code)).toBe(true);
  if (code !== undefined) expect(problem.code).toBe(code);
  expect(problem.status).toBe(status);
}

test('the raw rig itself: a good create is made, once', async () => {
  const { whole, wasMade } = await create();
  expect((await say(tls, whole)).statuses).toEqual([201]);
  expect(await wasMade()).toBe(true);
});

describe('two readings of where a request ends: refused, closed, and the hidden request never runs', () => {
  const shapes: ReadonlyArray<[string, (head: string, hidden: string) => string]> = [
    [
      'Content-Length and Transfer-Encoding',
      (head, hidden) => `${head}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${hidden}`,
    ],
    [
      'Transfer-Encoding and Content-Length',
      (head, hidden) => `${head}Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n${hidden}`,
    ],
    ['two different Content-Length', (head, hidden) => `${head}Content-Length: 0\r\nContent-Length: ${hidden.length}\r\n\r\n${hidden}`],
    ['two equal Content-Length', (head, hidden) => `${head}Content-Length: 0\r\nContent-Length: 0\r\n\r\n${hidden}`],
    ['a list of Content-Length', (head, hidden) => `${head}Content-Length: 0, 0\r\n\r\n${hidden}`],
    ['Content-Length with a sign', (head, hidden) => `${head}Content-Length: +0\r\n\r\n${hidden}`],
    ['Content-Length below zero', (head, hidden) => `${head}Content-Length: -1\r\n\r\n${hidden}`],
    ['Content-Length in hexadecimal', (head, hidden) => `${head}Content-Length: 0x0\r\n\r\n${hidden}`],
    ['Content-Length beyond 64 bit', (head, hidden) => `${head}Content-Length: 99999999999999999999999\r\n\r\n${hidden}`],
    ['Transfer-Encoding xchunked', (head, hidden) => `${head}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n${hidden}`],
    ['Transfer-Encoding identity', (head, hidden) => `${head}Transfer-Encoding: identity\r\n\r\n${hidden}`],
    ['Transfer-Encoding gzip, chunked', (head, hidden) => `${head}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n${hidden}`],
    ['Transfer-Encoding chunked, identity', (head, hidden) => `${head}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n${hidden}`],
    [
      'Transfer-Encoding twice',
      (head, hidden) => `${head}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${hidden}`,
    ],
    ['a space before the colon', (head, hidden) => `${head}Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n${hidden}`],
    ['a vertical tab in the value', (head, hidden) => `${head}Transfer-Encoding: \vchunked\r\n\r\n0\r\n\r\n${hidden}`],
    ['a folded header (obs-fold)', (head, hidden) => `${head}X-A: b\r\n Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n${hidden}`],
    ['a folded Transfer-Encoding', (head, hidden) => `${head}Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n${hidden}`],
    ['a bare LF after a header', (head, hidden) => `${head}X-A: b\nContent-Length: 0\r\n\r\n${hidden}`],
    ['a bare LF in a value', (head, hidden) => `${head}X-A: b\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${hidden}`],
    ['a bare CR in a value', (head, hidden) => `${head}X-A: b\rTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${hidden}`],
    ['a NUL in a value', (head, hidden) => `${head}X-A: b\0c\r\nContent-Length: 0\r\n\r\n${hidden}`],
    ['a NUL in a name', (head, hidden) => `${head}X-\0: b\r\nContent-Length: 0\r\n\r\n${hidden}`],
    ['a header without a colon', (head, hidden) => `${head}Content-Length\r\n\r\n${hidden}`],
    ['a chunk size that is no number', (head, hidden) => `${head}Transfer-Encoding: chunked\r\n\r\nzz\r\n\r\n${hidden}`],
    ['a chunk size with a sign', (head, hidden) => `${head}Transfer-Encoding: chunked\r\n\r\n-1\r\n\r\n${hidden}`],
    ['a chunk size in C notation', (head, hidden) => `${head}Transfer-Encoding: chunked\r\n\r\n0x0\r\n\r\n${hidden}`],
    ['a chunk size beyond 64 bit', (head, hidden) => `${head}Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n${hidden}`],
    ['a chunk longer than it says', (head, hidden) => `${head}Transfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n0\r\n\r\n${hidden}`],
    ['a chunk that ends in LF alone', (head, hidden) => `${head}Transfer-Encoding: chunked\r\n\r\n1\r\na\n0\r\n\r\n${hidden}`],
    ['a chunk size that ends in LF alone', (head, hidden) => `${head}Transfer-Encoding: chunked\r\n\r\n1\na\r\n0\r\n\r\n${hidden}`],
    ['a chunk extension with a bare LF', (head, hidden) => `${head}Transfer-Encoding: chunked\r\n\r\n0;a\nb\r\n\r\n${hidden}`],
    [
      'a chunk extension of 20 KiB',
      (head, hidden) => `${head}Transfer-Encoding: chunked\r\n\r\n1;${'x'.repeat(20_480)}\r\na\r\n0\r\n\r\n${hidden}`,
    ],
    [
      'HTTP/1.0 with Transfer-Encoding',
      (head, hidden) => `${head.replace('HTTP/1.1', 'HTTP/1.0')}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n${hidden}`,
    ],
  ];
  test.each(shapes)('%s', async (_what, shape) => {
    const outer = await create();
    const hidden = await create();
    const heard = await say(tls, shape(outer.head, hidden.whole));
    expectRefused(heard, heard.statuses[0] === 413 ? 413 : 400);
    expect([await outer.wasMade(), await hidden.wasMade()]).toEqual([false, false]);
  });
});

describe('no request at all', () => {
  test.each([
    ['HTTP/0.9', 'GET /\r\n\r\n'],
    ['HTTP/2 preface in clear', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['HTTP/1.2', `GET / HTTP/1.2\r\n${HEAD}\r\n\r\n`],
    ['HTTP/3.0', `GET / HTTP/3.0\r\n${HEAD}\r\n\r\n`],
    ['lower-case version', `GET / http/1.1\r\n${HEAD}\r\n\r\n`],
    ['a method that nobody has', `FROB / HTTP/1.1\r\n${HEAD}\r\n\r\n`],
    ['a lower-case method', `get / HTTP/1.1\r\n${HEAD}\r\n\r\n`],
    ['a method of garbage', '\x01\x02\x03\r\n\r\n'],
    ['a TLS hello inside TLS', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'],
    ['a request line that ends in LF alone', `GET / HTTP/1.1\n${HEAD}\r\n\r\n`],
    ['a tab in the request line', `GET\t/\tHTTP/1.1\r\n${HEAD}\r\n\r\n`],
    ['three spaces in the request line', `GET   /   HTTP/1.1 x\r\n${HEAD}\r\n\r\n`],
    ['no target', `GET  HTTP/1.1\r\n${HEAD}\r\n\r\n`],
    ['absolute-form', `GET https://localhost/docs/ HTTP/1.1\r\n${HEAD}\r\n\r\n`],
    ['absolute-form of another host', `GET https://example.org/docs/ HTTP/1.1\r\n${HEAD}\r\n\r\n`],
    ['authority-form', `GET localhost:443 HTTP/1.1\r\n${HEAD}\r\n\r\n`],
    ['asterisk-form', `OPTIONS * HTTP/1.1\r\n${HEAD}\r\n\r\n`],
    ['a fragment', `GET /docs/#x HTTP/1.1\r\n${HEAD}\r\n\r\n`],
    ['a backslash', `GET /docs\\ HTTP/1.1\r\n${HEAD}\r\n\r\n`],
    ['octets above ASCII in the path', `GET /docs/\xc3\xa9 HTTP/1.1\r\n${HEAD}\r\n\r\n`],
    ['no Host', 'GET / HTTP/1.1\r\nX: y\r\n\r\n'],
    ['two Hosts', `GET / HTTP/1.1\r\n${HEAD}\r\nHost: example.org\r\n\r\n`],
    ['a Host with a path', 'GET / HTTP/1.1\r\nHost: localhost/x\r\n\r\n'],
    ['a Host with a user', 'GET / HTTP/1.1\r\nHost: a@localhost\r\n\r\n'],
    ['two Authorizations', `${GET}Authorization: Bearer a\r\nAuthorization: Bearer b\r\n\r\n`],
    ['two Content-Types', `${GET}Content-Type: application/json\r\nContent-Type: text/plain\r\n\r\n`],
  ])('%s: 400', async (_what, octets) => {
    expectRefused(await say(tls, Buffer.from(octets, 'latin1')), 400);
  });
});

describe('more than any call needs', () => {
  test('headers of more than 16 KiB: 431', async () => {
    expectRefused(await say(tls, `${GET}X-A: ${'a'.repeat(17_000)}\r\n\r\n`), 431, 'headers_too_large');
  });

  test('65 headers: 431', async () => {
    expectRefused(await say(tls, `${GET}${Array.from({ length: 64 }, (_x, n) => `X-${n}: y\r\n`).join('')}\r\n`), 431, 'headers_too_large');
  });

  test('a target of 2,049 characters: 414', async () => {
    expectRefused(await say(tls, `GET /${'a'.repeat(2_048)} HTTP/1.1\r\n${HEAD}\r\n\r\n`), 414, 'uri_too_long');
  });

  test('a target of 20 KiB: 431 by the parser', async () => {
    expectRefused(await say(tls, `GET /${'a'.repeat(20_480)} HTTP/1.1\r\n${HEAD}\r\n\r\n`), 431, 'headers_too_large');
  });

  test('a body announced as too large is 413 before it is sent, and no 100 invites it', async () => {
    const { head, wasMade } = await create();
    const { text, statuses } = await say(tls, `${head}Content-Length: 65537\r\nExpect: 100-continue\r\n\r\n`);
    expect([statuses, text.includes('body_too_large'), await wasMade()]).toEqual([[413], true, false]);
  });
});

describe('expectations, upgrades, other methods', () => {
  test('Expect: 100-continue is met', async () => {
    const { head, wasMade } = await create();
    const socket = await openTls(tls);
    socket.write(`${head}Content-Length: ${BODY.length}\r\nExpect: 100-continue\r\n\r\n`);
    await expect.poll(() => socket.bytesRead).toBeGreaterThan(0);
    socket.write(BODY);
    const { statuses } = await hear(socket, 2);
    socket.destroy();
    expect([statuses, await wasMade()]).toEqual([[100, 201], true]);
  });

  test('CONNECT behind a request does not answer in its place', async () => {
    const { whole, wasMade } = await create();
    const { statuses, closed } = await say(tls, `${whole}CONNECT example.org:443 HTTP/1.1\r\nHost: example.org:443\r\n\r\n`, 2);
    expect([closed, statuses.includes(405)]).toEqual([true, false]);
    await expect.poll(wasMade).toBe(true);
  });

  test('another expectation: 417', async () => {
    const { head, wasMade } = await create();
    expectRefused(await say(tls, `${head}Content-Length: ${BODY.length}\r\nExpect: 200-ok\r\n\r\n${BODY}`), 417, 'expectation_failed');
    expect(await wasMade()).toBe(false);
  });

  test.each(['h2c', 'websocket', 'TLS/1.2'])('Upgrade: %s is not taken up; the request is answered as it is', async (protocol) => {
    const settings = protocol === 'h2c' ? 'HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n' : '';
    const { statuses } = await say(tls, `${GET}Connection: Upgrade\r\nUpgrade: ${protocol}\r\n${settings}\r\n`);
    expect(statuses).toEqual([200]);
  });

  test('CONNECT: 405, no tunnel', async () => {
    expectRefused(
      await say(tls, `CONNECT example.org:443 HTTP/1.1\r\nHost: example.org:443\r\n\r\nGET / HTTP/1.1\r\n\r\n`),
      405,
      'method_not_allowed',
    );
  });

  test.each(['TRACE', 'OPTIONS', 'PROPFIND', 'PATCH'])('%s: 405 with Allow, nothing is echoed', async (method) => {
    const { text, statuses } = await say(tls, `${method} /v1/enrollments HTTP/1.1\r\n${HEAD}\r\nX-Secret: 12345\r\n\r\n`);
    expect([statuses, /^allow: POST/im.test(text), text.includes('12345')]).toEqual([[405], true, false]);
  });
});

describe('several requests on one connection', () => {
  test('pipelined requests are answered in their order, each once', async () => {
    const [one, two] = [await create(), await create()];
    const { statuses } = await say(tls, `${one.whole}${GET}\r\n${two.whole}`, 3);
    expect([statuses, await one.wasMade(), await two.wasMade()]).toEqual([[201, 200, 201], true, true]);
  });

  test('more than a few pipelined requests close the connection: none is at work before it was counted', async () => {
    const { statuses } = await say(tls, `${GET}\r\n`.repeat(200), 200);
    expect(statuses.length).toBeLessThan(200);
  });

  test('nor is it when each asks to be invited by 100-continue', async () => {
    const { statuses, closed } = await say(tls, `${GET}Expect: 100-continue\r\n\r\n`.repeat(200), 400);
    expect(closed).toBe(true);
    expect(statuses.filter((status) => status === 200).length).toBeLessThan(200);
  });

  test.each([
    ['an expectation that is refused', 'Expect: 200-ok\r\nContent-Length: 0', 417],
    ['a body that is too large to be invited', 'Expect: 100-continue\r\nContent-Length: 65537', 413],
  ])('%s waits for the answer of the request before it, and ends the connection', async (_what, headers, status) => {
    const { whole, wasMade } = await create();
    const { statuses, closed } = await say(tls, `${whole}${GET}${headers}\r\n\r\n`, 2);
    expect([statuses, closed, await wasMade()]).toEqual([[201, status], true, true]);
  });

  test('a body in chunks, with extensions and trailers, is one request', async () => {
    const { head, wasMade } = await create();
    const chunks = CHUNKED_BODY.replace('\r\n', ';a=b\r\n').replace(/0\r\n\r\n$/, '0\r\nX-Trailer: y\r\n\r\n');
    expect([(await say(tls, `${head}Transfer-Encoding: chunked\r\n\r\n${chunks}${GET}\r\n`, 2)).statuses, await wasMade()]).toEqual([
      [201, 200],
      true,
    ]);
  });

  test('garbage after a good request never answers in its place', async () => {
    const { whole } = await create();
    const { statuses, closed } = await say(tls, `${whole}\x00garbage\r\n\r\n`, 2);
    expect(closed).toBe(true);
    expect(['', '201']).toContain(statuses.join());
  });

  test('a GET with a body: the body is not the next request', async () => {
    const hidden = await create();
    const { statuses } = await say(tls, `${GET}Content-Length: ${hidden.whole.length}\r\n\r\n${hidden.whole}`);
    expect([statuses, await hidden.wasMade()]).toEqual([[200], false]);
  });
});
