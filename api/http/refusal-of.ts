import { randomUUID } from 'node:crypto';
import type { ServiceError } from '../../contract/service-error.ts';
import { toProblem } from '../problem.ts';

/** A refusal that no application answers: what is sent, and that the connection ends with it. */
export interface Refusal {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | number>>;
  readonly body: string;
}

export function refusalOf(fault: ServiceError, docsUrl: string): Refusal {
  const requestId = randomUUID();
  const problem = toProblem(fault, requestId, docsUrl);
  const body = JSON.stringify(problem);
  const headers = {
    'Content-Type': 'application/problem+json',
    'Content-Length': Buffer.byteLength(body),
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
    'X-Request-Id': requestId,
    ...(problem.status === 405 ? { Allow: 'GET, POST, PUT, DELETE' } : {}),
    Connection: 'close',
  };
  return { status: problem.status, headers, body };
}
