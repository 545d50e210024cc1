import express, { type Request, type RequestHandler } from 'express';
import type { z } from 'zod';
import { jsonTypeFault } from '../../contract/json-media-type.ts';
import { ServiceError } from '../../contract/service-error.ts';
import { explainNull, placeOf } from './explain-null.ts';
import { jsonExcess } from './json-bounds.ts';
import { findRepeatedMember } from './repeated-member.ts';

export const MAX_BODY_OCTETS = 65_536;

/** Reads the octets and nothing more, so that type, encoding and syntax are judged here and refused by name. */
export const rawBody: RequestHandler = express.raw({ type: () => true, limit: MAX_BODY_OCTETS, inflate: false });

/**
 * Parses the body of a call. Errors: `unsupported_media_type`, `invalid_json`, `invalid_body` with the pointer of the first fault.
 */
export function parseBody<Schema extends z.ZodType>(req: Request, schema: Schema): z.output<Schema> {
  requireJson(req);
  const body = parseJson(req.body);
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  throw invalidBody(parsed.error, explainNull(schema, body, parsed.error));
}

function requireJson(req: Request): void {
  const fault = jsonTypeFault(req.headers['content-type']);
  if (fault !== undefined) throw new ServiceError('unsupported_media_type', fault);
}

function parseJson(body: unknown): unknown {
  const text = decode(body);
  const excess = jsonExcess(text);
  if (excess !== undefined) throw new ServiceError('invalid_json', excess);
  const value = parse(text);
  const repeated = findRepeatedMember(text);
  if (repeated !== undefined) throw new ServiceError('invalid_json', `The member ${JSON.stringify(repeated.slice(0, 64))} comes twice.`);
  return value;
}

/** A byte order mark is kept and then refused as what JSON may not begin with (RFC 8259 §8.1). */
function decode(body: unknown): string {
  if (!Buffer.isBuffer(body) || body.length === 0) throw new ServiceError('invalid_json', 'The body is empty: one JSON object is wanted.');
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body);
  } catch {
    throw new ServiceError('invalid_json', 'The body holds octets that are not UTF-8.');
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new ServiceError('invalid_json', 'The body is not one JSON value.');
  }
}

/** The first fault, with its place as a JSON pointer (RFC 6901); an unknown member is named itself. */
function invalidBody(error: z.ZodError, ofNull: string | undefined): ServiceError {
  const [issue] = error.issues;
  if (issue === undefined) return new ServiceError('invalid_body');
  const path = placeOf(issue);
  const pointer = path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
  const what = issue.code === 'unrecognized_keys' ? 'The member is not known to this call.' : issue.message;
  const detail = ofNull === undefined ? `${pointer === '' ? 'The body' : pointer}: ${what}` : `${pointer} ${ofNull}`;
  return new ServiceError('invalid_body', detail, { pointer });
}
