import type { RequestHandler } from 'express';
import type { z } from 'zod';
import { ServiceError } from '../../contract/service-error.ts';

/** Parameters of a call: each at most once and of its form, none that the call does not know; handlers only parse them. Errors: `invalid_request`. */
export function knownQuery(known: Readonly<Record<string, z.ZodType>> = {}): RequestHandler {
  return (req, _res, next) => {
    const [, query = ''] = req.originalUrl.split(/\?(.*)/s);
    const seen = new Set<string>();
    for (const [name, value] of new URLSearchParams(query)) {
      const schema = Object.hasOwn(known, name) ? known[name] : undefined;
      if (schema === undefined) throw refused(name, 'is not known to this call');
      if (seen.has(name)) throw refused(name, 'comes twice');
      const [issue] = schema.safeParse(value).error?.issues ?? [];
      if (issue !== undefined) throw refused(name, `is refused: ${issue.message}`);
      seen.add(name);
    }
    next();
  };
}

function refused(name: string, why: string): ServiceError {
  return new ServiceError('invalid_request', `The query parameter ${JSON.stringify(name.slice(0, 64))} ${why}.`, {
    parameter: name.slice(0, 64),
  });
}
