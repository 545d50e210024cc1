import type { Request } from 'express';
import type { z } from 'zod';
import { ServiceError } from '../contract/service-error.ts';

/** Judges the query of a call; a parameter that is unknown, malformed or comes twice is refused by name. Errors: `invalid_request`. */
export function parseQuery<Schema extends z.ZodType>({ query }: Request, schema: Schema): z.output<Schema> {
  const parsed = schema.safeParse({ ...query });
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const name = issue?.code === 'unrecognized_keys' ? issue.keys[0] : issue?.path[0];
  const what = issue?.code === 'unrecognized_keys' ? 'is not known to this call' : issue?.message;
  throw new ServiceError('invalid_request', `The parameter ${String(name).slice(0, 64)}: ${what ?? 'malformed'}.`, {
    parameter: String(name).slice(0, 64),
  });
}
