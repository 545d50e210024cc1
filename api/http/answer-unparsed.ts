import { randomUUID } from 'node:crypto';
import { IncomingMessage, type RequestListener, type Server, ServerResponse, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { ErrorCode } from '../../contract/error-codes.ts';
import { ServiceError } from '../../contract/service-error.ts';
import { MAX_BODY_OCTETS } from '../middleware/json-body.ts';
import { toProblem } from '../problem.ts';

/**
 * What Node's parser refuses before there is a request for the application, and what it would hand to nobody: each is answered by a
 * problem document on a connection that is then closed, because nobody knows where the next request would begin (RFC 9112 §11.2).
 */
export function answerUnparsed(server: Server, app: RequestListener, docsUrl: string): void {
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    if (error.code === 'ECONNRESET' || !socket.writable || belongsToNobody(socket)) socket.destroy();
    else refuse(socket, faultOf(error), docsUrl);
  });
  server.on('connect', (_req, socket) => refuse(socket, new ServiceError('method_not_allowed', 'This is no proxy.'), docsUrl));
  server.on('checkContinue', (req, res) => {
    // A body that will be refused by its length need not be sent.
    if (Number(req.headers['content-length']) > MAX_BODY_OCTETS) return refuse(req.socket, new ServiceError('body_too_large'), docsUrl);
    res.writeContinue();
    app(req, res);
  });
  server.on('checkExpectation', (req: IncomingMessage) => {
    refuse(req.socket, new ServiceError('expectation_failed', 'The only expectation that is met is 100-continue.'), docsUrl);
  });
}

/** The fault is in what follows a request that is being answered: an answer now would be taken for the answer to that one. */
function belongsToNobody(socket: Duplex): boolean {
  const answering: unknown = Reflect.get(socket, '_httpMessage');
  if (!(answering instanceof ServerResponse)) return false;
  const request: unknown = answering.req;
  return answering.headersSent || (request instanceof IncomingMessage && request.complete);
}

const CODES: Readonly<Record<string, ErrorCode>> = {
  HPE_HEADER_OVERFLOW: 'headers_too_large',
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 'body_too_large',
  ERR_HTTP_REQUEST_TIMEOUT: 'request_timeout',
};

function faultOf({ code = '' }: NodeJS.ErrnoException): ServiceError {
  return new ServiceError(CODES[code] ?? 'invalid_request', CODES[code] === undefined ? 'This is not one HTTP/1.1 request.' : undefined);
}

function refuse(socket: Duplex, fault: ServiceError, docsUrl: string): void {
  const requestId = randomUUID();
  const problem = toProblem(fault, requestId, docsUrl);
  const body = JSON.stringify(problem);
  const head = [
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status] ?? ''}`,
    'Content-Type: application/problem+json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Cache-Control: no-store',
    'X-Content-Type-Options: nosniff',
    `X-Request-Id: ${requestId}`,
    `Date: ${new Date().toUTCString()}`,
    ...(problem.status === 405 ? ['Allow: GET, POST, PUT, DELETE'] : []),
    'Connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy());
}
