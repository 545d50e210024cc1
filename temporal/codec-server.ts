import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { createServer as createSecureServer, type Server as SecureServer } from 'node:https';
import type { Payload } from '@temporalio/common';
import { bearerChallenge } from '../callers/bearer-challenge.ts';
import { PROBLEMS } from '../contract/error-codes.ts';
import { jsonTypeFault } from '../contract/json-media-type.ts';
import { ServiceError } from '../contract/service-error.ts';
import type { KeyRing } from '../core/key-ring.ts';
import type { TlsPair } from '../core/tls/tls-pair-fault.ts';
import { tlsContext } from '../process/tls-context.ts';
import { type CodecRefusal, codecRefusal, isCodecRefusal } from './codec-refusal.ts';
import { decryptForDisplay, encrypt } from './payload-codec.ts';
import { parsePayloads, renderPayloads } from './payload-json.ts';

export interface CodecServerOptions {
  host: string;
  /** 0 takes a free one. */
  port: number;
  /** Scheme, host and port of the Temporal UI: pages of this origin alone may call. */
  origin: string;
  keys: KeyRing;
  /** Whether POST /encode answers: whoever may call it can write messages that the workers take for the service's own. */
  encodes: boolean;
  /** Throws a ServiceError (`invalid_token`, `insufficient_scope`, `service_unavailable`) unless the caller is an operator. In development, on loopback, it may let everybody in. */
  authorise: (request: IncomingMessage, path: '/encode' | '/decode') => Promise<void>;
  /** Certificate and key of its own: it speaks https then, and nothing else. */
  tls?: TlsPair;
  /** Called with what was not foreseen; never with a payload. */
  onFault?: (error: unknown) => void;
}

export interface CodecServer {
  readonly port: number;
  /** With TLS: whose certificate may be replaced while it runs. */
  readonly secure?: SecureServer;
  close(): Promise<void>;
}

/** The Temporal UI sends a page of a history at a time. */
const MAX_OCTETS = 8 * 1024 * 1024;
const REQUEST_MS = 10_000;
/** What the Temporal UI sends. `authorization-extras` is its id token, there with sign-in; nobody here looks at it. */
const HEADERS = 'authorization, authorization-extras, content-type, x-namespace';

/**
 * Makes encrypted payloads readable in the Temporal UI (`--ui-codec-endpoint`): POST /decode, and /encode where it is switched on, with
 * `{payloads: […]}` in protobuf JSON. /decode passes CLEAR payloads unchanged, unlike the workers' codec, because whoever looks at a history must see what
 * somebody sent by hand. Refusals are problem documents (RFC 9457). Source: https://docs.temporal.io/production-deployment/data-encryption
 */
export async function startCodecServer(options: CodecServerOptions): Promise<CodecServer> {
  const { tls, port, host } = options;
  const answering: RequestListener = (request, response) => {
    handle(request, response, options).catch((error: unknown) => refuse(response, error, options));
  };
  const secure = tls === undefined ? undefined : secureServer(tls, answering);
  const server = secure ?? createServer({ requestTimeout: REQUEST_MS }, answering);
  await new Promise<void>((done, failed) => {
    server.once('error', failed);
    server.listen(port, host, done);
  });
  return { port: portOf(server, port), ...(secure === undefined ? {} : { secure }), close: () => close(server) };
}

/** As the other TLS listeners: same versions and ciphers, a handshake that fails tells nobody anything. */
function secureServer(tls: TlsPair, answering: RequestListener): SecureServer {
  const options = { ...tlsContext(tls), requestTimeout: REQUEST_MS, handshakeTimeout: REQUEST_MS, ALPNProtocols: ['http/1.1'] };
  return createSecureServer(options, answering).on('tlsClientError', (_error, socket) => socket.destroy());
}

async function handle(request: IncomingMessage, response: ServerResponse, options: CodecServerOptions): Promise<void> {
  const path = (request.url ?? '/').split('?', 1)[0];
  if (path === '/healthz') return answer(response, 200, { alive: true });
  allowOrigin(request, response, options.origin);
  if (request.method === 'OPTIONS') return void response.writeHead(204).end();
  if (path !== '/encode' && path !== '/decode') throw codecRefusal(404, 'route_not_found', 'There are POST /encode and POST /decode.');
  if (request.method !== 'POST') throw codecRefusal(405, 'method_not_allowed', 'Send POST.');
  const typeFault = jsonTypeFault(request.headers['content-type']);
  if (typeFault !== undefined) throw codecRefusal(415, 'unsupported_media_type', typeFault);
  await options.authorise(request, path);
  if (path === '/encode' && !options.encodes) throw encodingIsOff();
  const payloads = parsePayloads(await readBody(request));
  answer(
    response,
    200,
    renderPayloads(payloads.map((payload) => (path === '/encode' ? encrypt(options.keys, payload) : open(options.keys, payload)))),
  );
}

function encodingIsOff(): CodecRefusal {
  return codecRefusal(
    403,
    'encoding_is_off',
    'This codec server only decodes. What needs no input (update cancel, Request Cancellation, signals) works without; CS_CODEC_ENCODE=true switches it on.',
  );
}

function open(keys: KeyRing, payload: Payload): Payload {
  try {
    return decryptForDisplay(keys, payload);
  } catch {
    throw codecRefusal(422, 'payload_not_decryptable', 'A payload was made with a key that is not held here, or was altered.');
  }
}

/** Another origin gets no answer at all: CORS alone would hide the answer from the page only after the work was done. */
function allowOrigin(request: IncomingMessage, response: ServerResponse, allowed: string): void {
  const { origin } = request.headers;
  response.setHeader('vary', 'origin');
  if (origin === undefined) return;
  if (origin !== allowed) throw codecRefusal(403, 'origin_not_allowed', `Pages of ${allowed} alone may call.`);
  response.setHeader('access-control-allow-origin', allowed);
  response.setHeader('access-control-allow-credentials', 'true');
  response.setHeader('access-control-allow-methods', 'POST, OPTIONS');
  response.setHeader('access-control-allow-headers', HEADERS);
  response.setHeader('access-control-max-age', '600');
}

async function readBody(request: IncomingMessage): Promise<string> {
  if (Number(request.headers['content-length'] ?? 0) > MAX_OCTETS) throw tooLarge();
  const chunks: Buffer[] = [];
  let octets = 0;
  const parts: AsyncIterable<Buffer> = request;
  for await (const part of parts) {
    octets += part.length;
    if (octets > MAX_OCTETS) throw tooLarge();
    chunks.push(part);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function tooLarge(): CodecRefusal {
  return codecRefusal(413, 'body_too_large', `A body has at most ${MAX_OCTETS} octets.`);
}

function answer(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' }).end(JSON.stringify(body));
}

function refuse(response: ServerResponse, error: unknown, options: CodecServerOptions): void {
  if (error instanceof ServiceError) tellCaller(response, error);
  else if (!isCodecRefusal(error)) options.onFault?.(error);
  const { status, code, message } = refusalOf(error);
  if (response.headersSent) return void response.destroy();
  // What is left of a refused body is not read.
  response.writeHead(status, { 'content-type': 'application/problem+json', 'cache-control': 'no-store', connection: 'close' });
  response.end(JSON.stringify({ type: 'about:blank', title: message, status, code }));
}

function refusalOf(error: unknown): Pick<CodecRefusal, 'status' | 'code' | 'message'> {
  if (error instanceof ServiceError) return { status: PROBLEMS[error.code].status, code: error.code, message: error.message };
  return isCodecRefusal(error) ? error : codecRefusal(500, 'internal_error', 'Something went wrong.');
}

/** A refused caller learns the same here as at the operator listener: what is wrong with the credential, or when to come back. */
function tellCaller(response: ServerResponse, error: ServiceError): void {
  const challenge = bearerChallenge(error);
  if (challenge !== undefined) response.setHeader('www-authenticate', challenge);
  if (error.retryAfterSeconds !== undefined) response.setHeader('retry-after', String(error.retryAfterSeconds));
}

function portOf(server: Server | SecureServer, wanted: number): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : wanted;
}

function close(server: Server | SecureServer): Promise<void> {
  return new Promise((done) => {
    server.close(() => done());
    server.closeAllConnections();
  });
}
