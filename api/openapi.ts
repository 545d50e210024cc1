import { extendZodWithOpenApi, OpenAPIRegistry, OpenApiGeneratorV31, type RouteConfig } from '@asteasolutions/zod-to-openapi';
import { z } from 'zod';
import { type ErrorCode, PROBLEMS } from '../contract/error-codes.ts';
import { enrollmentIdSchema, idempotencyKeySchema, problemDocument, userIdSchema } from '../contract/http.ts';
import { ROUTES, type Route } from './route-table.ts';

extendZodWithOpenApi(z);

/** Errors that any call may answer, beside its own. */
const EVERYWHERE: readonly ErrorCode[] = [
  'invalid_request',
  'request_timeout',
  'uri_too_long',
  'expectation_failed',
  'headers_too_large',
  'too_many_requests',
  'internal_error',
  'service_unavailable',
];

/** The OpenAPI 3.1 document, made from the route table and the zod schemas. */
export function openApiDocument() {
  const registry = new OpenAPIRegistry();
  registry.registerComponent('securitySchemes', 'enrollmentToken', {
    type: 'http',
    scheme: 'bearer',
    description: 'cse_… as returned to the Token Service',
  });
  registry.registerComponent('securitySchemes', 'accessToken', {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'JWT',
    description: 'RFC 9068 access token of the Token Service',
  });
  for (const route of ROUTES) registry.registerPath(toPath(route));
  return new OpenApiGeneratorV31(registry.definitions).generateDocument({
    openapi: '3.1.0',
    info: {
      title: 'Certificate Service',
      version: '1',
      description:
        'Enrollment of devices: PIN, CSR, credentials, acknowledgement. Every call may be repeated with the same bytes. Errors are RFC 9457 problem documents.',
    },
    servers: [{ url: '/' }],
  });
}

function toPath(route: Route): RouteConfig {
  const { method, path, summary, request } = route;
  return {
    method,
    path,
    summary,
    security: security(route),
    request: {
      ...parameters(route),
      ...(request === undefined ? {} : { body: { required: true, content: { 'application/json': { schema: request } } } }),
    },
    responses: { ...successes(route), ...problems(route) },
  };
}

function security({ callers, scope }: Route): Record<string, string[]>[] {
  const device: Record<string, string[]>[] = callers.includes('device') ? [{ enrollmentToken: [] }] : [];
  return callers.includes('token-service') ? [...device, { accessToken: scope === undefined ? [] : [scope] }] : device;
}

function parameters({ path, headers = [], query = {} }: Route): NonNullable<RouteConfig['request']> {
  const inPath = {
    ...(path.includes('{id}') ? { id: enrollmentIdSchema } : {}),
    ...(path.includes('{userId}') ? { userId: userIdSchema } : {}),
  };
  const inHeaders = {
    ...(headers.includes('idempotency-key') ? { 'Idempotency-Key': idempotencyKeySchema } : {}),
    ...(headers.includes('prefer') ? { Prefer: z.string().optional().describe('wait=N, seconds, at most 25 (RFC 7240)') } : {}),
  };
  return {
    params: z.object(inPath),
    headers: z.object(inHeaders),
    query: z.object(query),
  };
}

function successes({ responses }: Route): RouteConfig['responses'] {
  const entries = Object.entries(responses).map(([status, { schema, description }]): [string, RouteConfig['responses'][string]] => [
    status,
    { description, ...(schema === undefined ? {} : { content: { 'application/json': { schema } } }) },
  ]);
  return Object.fromEntries(entries);
}

/** One response a status, naming its codes. */
function problems({ errors, callers, request }: Route): RouteConfig['responses'] {
  const known = new Set<ErrorCode>([...errors, ...EVERYWHERE]);
  if (!callers.includes('anyone')) known.add('invalid_token');
  if (request !== undefined && callers.includes('device')) known.add('workflow_unavailable');
  if (callers.includes('device')) known.add('shutting_down');
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of known) byStatus.set(PROBLEMS[code].status, [...(byStatus.get(PROBLEMS[code].status) ?? []), code]);
  return Object.fromEntries(
    [...byStatus].map(([status, codes]) => [
      status,
      { description: codes.join(', '), content: { 'application/problem+json': { schema: problemDocument } } },
    ]),
  );
}
