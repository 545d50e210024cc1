import type { Socket } from 'node:net';
import type { Request, RequestHandler } from 'express';
import { ServiceError } from '../../contract/service-error.ts';

const MAX_TARGET_LENGTH = 2_048;
const MAX_HEADERS = 64;
/** origin-form, of the characters of RFC 3986 only; absolute-form is for proxies, and this is none (ADR 30). */
const TARGET = /^\/[\w\-.~:/?@!$&'()*+,;=%[\]]*$/;
/** What two parts on the way could read differently when it comes twice; Node itself keeps the first and hides the second. */
const ONCE = [
  'host',
  'content-type',
  'content-length',
  'content-encoding',
  'transfer-encoding',
  'authorization',
  'idempotency-key',
  'expect',
];

/**
 * Refuses what the parser lets through and no client of ours sends: the same octets must mean the same to whoever stands before us.
 * Errors: `invalid_request`, `uri_too_long`, `headers_too_large`; the connection is closed.
 */
export const requestShape: RequestHandler = (req, res, next) => {
  // What follows on such a connection may be the inside of the request that was refused; its answer ends the connection.
  if (condemned.has(req.socket)) return;
  const fault = faultOf(req);
  if (fault === undefined) return next();
  condemned.add(req.socket);
  res.setHeader('Connection', 'close');
  throw fault;
};

const condemned = new WeakSet<Socket>();

function faultOf(req: Request): ServiceError | undefined {
  if (req.httpVersionMajor !== 1) return malformed('Only HTTP/1.1 is spoken here.');
  if (req.url.length > MAX_TARGET_LENGTH)
    return new ServiceError('uri_too_long', `The request target has ${req.url.length} characters; ${MAX_TARGET_LENGTH} are taken.`);
  if (!TARGET.test(req.originalUrl)) return malformed('The request target is not a path of the characters of RFC 3986.');
  if (req.rawHeaders.length > 2 * MAX_HEADERS)
    return new ServiceError('headers_too_large', `The request has ${req.rawHeaders.length / 2} header lines; ${MAX_HEADERS} are taken.`);
  const twice = repeatedHeader(req.rawHeaders);
  if (twice !== undefined) return malformed(`The header ${twice} comes twice.`);
  const { 'transfer-encoding': coding, host } = req.headers;
  // HTTP/1.0 knows no transfer coding (RFC 9112 §6.1); it is let in at all because fetchers of CRLs still speak it.
  if (coding !== undefined && (coding.toLowerCase() !== 'chunked' || req.httpVersionMinor === 0))
    return malformed('The only transfer coding is chunked.');
  if (host === undefined && req.httpVersionMinor === 1) return malformed('The header Host is missing.');
  if (host !== undefined && !/^[\w.\-[\]:]+$/.test(host)) return malformed('The header Host is malformed.');
  return undefined;
}

function repeatedHeader(raw: readonly string[]): string | undefined {
  const names = raw.filter((_text, index) => index % 2 === 0).map((name) => name.toLowerCase());
  return ONCE.find((name) => names.indexOf(name) !== names.lastIndexOf(name));
}

function malformed(detail: string): ServiceError {
  return new ServiceError('invalid_request', detail);
}
