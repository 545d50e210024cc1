import { request } from 'node:http';
import { defaultPayloadConverter } from '@temporalio/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ServiceError } from '../../contract/service-error.ts';
import { type CodecServer, startCodecServer } from '../../temporal/codec-server.ts';
import { renderPayloads } from '../../temporal/payload-json.ts';
import { testKeys } from '../rig/test-keys.ts';

const ORIGIN = 'http://127.0.0.1:8233';
const clear = JSON.stringify(renderPayloads([defaultPayloadConverter.toPayload({ stage: 'awaiting-csr' })]));
let server: CodecServer;
let guarded: CodecServer;

beforeAll(async () => {
  const options = { host: '127.0.0.1', port: 0, origin: ORIGIN, keys: testKeys('k1'), encodes: true };
  server = await startCodecServer({ ...options, authorise: async () => undefined });
  guarded = await startCodecServer({
    ...options,
    authorise: async ({ headers }) => {
      if (headers.authorization !== 'Bearer operator') throw new ServiceError('invalid_token');
    },
  });
});

afterAll(async () => {
  await Promise.all([server.close(), guarded.close()]);
});

describe('the codec server', () => {
  it('decodes for the Temporal UI what it encoded', async () => {
    const encoded = await post(server, '/encode', clear);
    expect(encoded.text).not.toContain(JSON.parse(clear).payloads[0].data);
    const decoded = await post(server, '/decode', encoded.text);
    expect(JSON.parse(decoded.text)).toEqual(JSON.parse(clear));
  });

  it('shows a clear payload as it is, because the UI must show what somebody sent by hand', async () => {
    expect(JSON.parse((await post(server, '/decode', clear)).text)).toEqual(JSON.parse(clear));
  });

  it('answers the preflight that Chromium sends for the Temporal UI with sign-in: its origin alone, and every header it names', async () => {
    const wanted = ['authorization', 'authorization-extras', 'content-type', 'x-namespace'];
    const answer = await send(server, 'OPTIONS', '/decode', '', {
      origin: ORIGIN,
      'access-control-request-method': 'POST',
      'access-control-request-headers': wanted.join(','),
      'sec-fetch-mode': 'cors',
    });
    expect([answer.status, answer.headers['access-control-allow-origin']]).toEqual([204, ORIGIN]);
    expect(String(answer.headers['access-control-allow-headers']).split(/, ?/)).toEqual(wanted);
    expect(String(answer.headers['access-control-allow-methods']).split(/, ?/)).toContain('POST');
  });

  it('does not look at the id token that the Temporal UI sends beside', async () => {
    const beside = { 'authorization-extras': 'no.id.token' };
    expect(await post(guarded, '/decode', clear, beside)).toMatchObject({ status: 401 });
    expect(await post(guarded, '/decode', clear, { authorization: 'Bearer operator', ...beside })).toMatchObject({ status: 200 });
  });

  it.each(['http://127.0.0.1:8234', 'https://127.0.0.1:8233', 'null', `${ORIGIN}.example.org`])('refuses pages of %s', async (origin) => {
    const { status, headers, text } = await send(server, 'POST', '/decode', clear, { origin, 'content-type': 'application/json' });
    expect([status, headers['access-control-allow-origin'], JSON.parse(text).code]).toEqual([403, undefined, 'origin_not_allowed']);
  });

  it('asks for the operator where it is told to', async () => {
    expect(await post(guarded, '/decode', clear)).toMatchObject({ status: 401, type: 'application/problem+json' });
    expect(await post(guarded, '/decode', clear, { authorization: 'Bearer operator' })).toMatchObject({ status: 200 });
  });

  it('only decodes unless it is told to encode too', async () => {
    const decoding = await startCodecServer({
      host: '127.0.0.1',
      port: 0,
      origin: ORIGIN,
      keys: testKeys('k1'),
      encodes: false,
      authorise: async () => undefined,
    });
    const refused = await post(decoding, '/encode', clear);
    expect(refused).toMatchObject({ status: 403, type: 'application/problem+json' });
    expect(JSON.parse(refused.text)).toMatchObject({ code: 'encoding_is_off', title: expect.stringContaining('CS_CODEC_ENCODE') });
    const encoded = await post(server, '/encode', clear);
    expect(JSON.parse((await post(decoding, '/decode', encoded.text)).text)).toEqual(JSON.parse(clear));
    await decoding.close();
  });

  it('refuses a payload of a key that it does not hold', async () => {
    const foreign = await startCodecServer({
      host: '127.0.0.1',
      port: 0,
      origin: ORIGIN,
      keys: testKeys('other'),
      encodes: true,
      authorise: async () => undefined,
    });
    const encoded = await post(foreign, '/encode', clear);
    await foreign.close();
    expect(JSON.parse((await post(server, '/decode', encoded.text)).text)).toMatchObject({ status: 422, code: 'payload_not_decryptable' });
  });

  it.each([
    ['{"payloads":', 400],
    ['{}', 400],
    ['{"payloads":[7]}', 400],
    ['{"payloads":[{"data":"*"}]}', 400],
    [`{"payloads":[{"data":"${'A'.repeat(9_000_000)}"}]}`, 413],
  ])('refuses a body that is none: %.20s', async (body, status) => {
    expect((await post(server, '/decode', body)).status).toBe(status);
  });

  it('refuses other paths, methods and types', async () => {
    expect((await post(server, '/other', clear)).status).toBe(404);
    expect((await send(server, 'GET', '/decode', '', { origin: ORIGIN })).status).toBe(405);
    expect((await post(server, '/decode', clear, { 'content-type': 'text/plain' })).status).toBe(415);
  });
});

interface Answer {
  status: number;
  type: string | undefined;
  headers: Readonly<Record<string, string | string[] | undefined>>;
  text: string;
}

function post(to: CodecServer, path: string, body: string, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
  return send(to, 'POST', path, body, { origin: ORIGIN, 'content-type': 'application/json', 'x-namespace': 'default', ...headers });
}

function send(to: CodecServer, method: string, path: string, body: string, headers: Readonly<Record<string, string>>): Promise<Answer> {
  return new Promise((done, failed) => {
    const call = request(
      { host: '127.0.0.1', port: to.port, method, path, headers: { ...headers, 'content-length': Buffer.byteLength(body) } },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => {
          const { statusCode = 0, headers: got } = response;
          done({ status: statusCode, type: got['content-type'], headers: got, text: Buffer.concat(chunks).toString() });
        });
      },
    );
    call.on('error', failed);
    call.end(body);
  });
}
