import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { openApiDocument } from '../../../api/openapi.ts';
import type { Answer } from './call.ts';

/** Our OpenAPI document as a checker of real answers. */
const ajv = new Ajv2020({ strict: false, allErrors: true });
formats.default(ajv);
const paths: unknown = openApiDocument().paths;
const compiled = new Map<object, ValidateFunction>();

/** What no path documents, because no path is meant. */
const PATHLESS = new Set(['route_not_found', 'method_not_allowed']);

/** Throws when the answer is not one that the document promises for this call: status, content type, schema, and the code of a refusal. */
export function expectDocumented(method: string, path: string, { status, headers, body }: Answer): void {
  const code = at(body, 'code');
  if (status >= 400 && typeof code === 'string' && PATHLESS.has(code)) return;
  const where = `${method} ${path} → ${status}`;
  const promised = at(paths, templateOf(path), method.toLowerCase(), 'responses', String(status));
  if (promised === undefined) throw new Error(`${where} ${String(code)} is not documented`);
  if (status >= 400 && !String(at(promised, 'description')).split(', ').includes(String(code)))
    throw new Error(`${where}: the code ${String(code)} is not documented`);
  const type = headers.get('content-type')?.split(';')[0] ?? '';
  const schema = at(promised, 'content', type, 'schema');
  if (schema === undefined && body === undefined) return;
  if (typeof schema !== 'object' || schema === null) throw new Error(`${where}: ${type} is not documented`);
  const validate = compiled.get(schema) ?? ajv.compile(schema);
  compiled.set(schema, validate);
  if (!validate(body)) throw new Error(`${where} does not fit its schema: ${ajv.errorsText(validate.errors)} in ${JSON.stringify(body)}`);
}

/** `/v1/enrollments/0b6a…/pin?x=y` → `/v1/enrollments/{id}/pin`. */
function templateOf(path: string): string {
  const [bare = ''] = path.split('?');
  return bare.replace(/^(\/v1\/enrollments)\/[^/]+/, '$1/{id}').replace(/^(\/v1\/users)\/[^/]+/, '$1/{userId}');
}

function at(value: unknown, ...names: string[]): unknown {
  let current = value;
  for (const name of names) {
    if (typeof current !== 'object' || current === null) return undefined;
    current = Reflect.get(current, name);
  }
  return current;
}
