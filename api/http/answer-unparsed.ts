import { IncomingMessage, type Server, ServerResponse, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { ErrorCode } from '../../contract/error-codes.ts';
import { ServiceError } from '../../contract/service-error.ts';
import { refusalOf } from './refusal-of.ts';

/**
 * What Node's parser refuses before there is a request for the application, and what it would hand to nobody: each is answered by a
 * problem document on a connection that is then closed, because nobody knows where the next request would begin (RFC 9112 §11.2).
 */
export function answerUnparsed(server: Server, docsUrl: string): void {
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    if (error.code === 'ECONNRESET') socket.destroy();
    else refuse(socket, faultOf(error), docsUrl);
  });
  server.on('connect', (_req, socket) => refuse(socket, new ServiceError('method_not_allowed', 'This is no proxy.'), docsUrl));
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
  if (!socket.writable || belongsToNobody(socket)) return void socket.destroy();
  const { status, headers, body } = refusalOf(fault, docsUrl);
  const head = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  const lines = [`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`, ...head, `Date: ${new Date().toUTCString()}`];
  socket.end(`${lines.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy());
}
