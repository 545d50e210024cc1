import type { Response } from 'express';
import { bearerChallenge } from '../callers/bearer-challenge.ts';
import { type ErrorCode, PROBLEMS } from '../contract/error-codes.ts';
import type { ProblemDocument } from '../contract/http.ts';
import { ServiceError } from '../contract/service-error.ts';

/** A problem document (RFC 9457) of an error; extras stand beside the standard members and never replace one. */
export function toProblem(error: ServiceError, requestId: string, docsUrl: string): ProblemDocument {
  const { status, retryable, title, hint } = PROBLEMS[error.code];
  return {
    hint,
    ...error.extras,
    type: `${docsUrl}#${error.code}`,
    title,
    status,
    detail: error.message,
    code: error.code,
    retryable,
    instance: `urn:uuid:${requestId}`,
  };
}

export function sendProblem(res: Response, error: ServiceError, docsUrl: string): void {
  const problem = toProblem(error, res.locals.requestId, docsUrl);
  const retryAfter = retryAfterSeconds(error);
  if (retryAfter !== undefined) res.setHeader('Retry-After', String(retryAfter));
  const challenge = bearerChallenge(error);
  if (challenge !== undefined) res.setHeader('WWW-Authenticate', challenge);
  if (!res.hasHeader('Cache-Control')) res.setHeader('Cache-Control', 'no-store');
  res.status(problem.status).setHeader('Content-Type', 'application/problem+json');
  res.end(JSON.stringify(problem));
}

/** Every 429 and 503 says when to come back. */
function retryAfterSeconds(error: ServiceError): number | undefined {
  const { status } = PROBLEMS[error.code];
  if (status !== 429 && status !== 503) return undefined;
  return Math.max(Math.ceil(error.retryAfterSeconds ?? 2), 1);
}

/** What a failure is called outside: a refusal keeps its code, anything unexpected becomes `internal_error` without its text. */
export function asServiceError(error: unknown): ServiceError {
  if (error instanceof ServiceError) return error;
  const code = bodyParserCode(error);
  if (code === 'unsupported_media_type') return new ServiceError(code, COMPRESSED);
  if (code !== undefined) return new ServiceError(code);
  return new ServiceError('internal_error', 'The fault was logged under the request id.');
}

const COMPRESSED = 'The header Content-Encoding says that the body is compressed: send it as it is, without that header.';

/** Express' body reader and router throw http-errors; these are their stable types. */
function bodyParserCode(error: unknown): ErrorCode | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  switch (Reflect.get(error, 'type')) {
    case 'entity.too.large':
      return 'body_too_large';
    case 'encoding.unsupported':
      return 'unsupported_media_type';
    case 'request.aborted':
    case 'request.size.invalid':
      return 'invalid_request';
    default:
      return error instanceof URIError ? 'route_not_found' : undefined;
  }
}
