import type { ProblemAnswer } from '../enrollment-problem.ts';
import { isJsonRecord } from '../read-json.ts';
import type { HttpAnswer } from './exchange.ts';

const STANDARD = ['type', 'title', 'status', 'detail', 'code', 'retryable', 'instance', 'hint'];

/** The problem document (RFC 9457) of an answer, or undefined when the service did not write it. */
export function parseProblem(answer: HttpAnswer, retryAfter: number | undefined): ProblemAnswer | undefined {
  const body = objectOf(answer);
  if (body === undefined || typeof body.code !== 'string') return undefined;
  const extras = Object.fromEntries(Object.entries(body).filter(([name]) => !STANDARD.includes(name)));
  return {
    code: body.code,
    status: answer.status,
    detail: text(body.detail) ?? text(body.title) ?? body.code,
    hint: text(body.hint),
    retryable: body.retryable === true,
    requestId: answer.headers.get('x-request-id') ?? text(body.instance)?.replace('urn:uuid:', ''),
    retryAfterSeconds: retryAfter,
    extras,
  };
}

/** Retry-After as seconds (RFC 9110 §10.2.3): a number, or a date that is measured by the service's own clock. */
export function retryAfterSeconds(answer: HttpAnswer, now: Date | undefined): number | undefined {
  const value = answer.headers.get('retry-after');
  if (value === null) return undefined;
  if (/^\d{1,9}$/.test(value)) return Number(value);
  const date = Date.parse(value);
  return Number.isNaN(date) || now === undefined ? undefined : Math.max(0, Math.ceil((date - now.getTime()) / 1000));
}

function objectOf({ headers, body }: HttpAnswer): Readonly<Record<string, unknown>> | undefined {
  if (!/^application\/(problem\+)?json\b/i.test(headers.get('content-type') ?? '')) return undefined;
  try {
    const value: unknown = JSON.parse(body);
    return isJsonRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
