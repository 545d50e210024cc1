import { extendZodWithOpenApi, OpenAPIRegistry, OpenApiGeneratorV31, type RouteConfig } from '@asteasolutions/zod-to-openapi';
import { z } from 'zod';
import { type ErrorCode, PROBLEMS } from '../contract/error-codes.ts';
import { givenEnrollmentIdSchema, idempotencyKeySchema, problemDocument, userIdSchema } from '../contract/http.ts';
import { OPERATOR_ROUTES } from './operator-table.ts';
import type { Route } from './route.ts';
import { ROUTES } from './route-table.ts';

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

/** The OpenAPI 3.1 document of devices and Token Services, made from the route table and the zod schemas. */
export function openApiDocument() {
  return documentOf(
    ROUTES,
    'Certificate Service',
    'Enrollment of devices: PIN, CSR, credentials, acknowledgement. Every call may be repeated with the same bytes. Errors are RFC 9457 problem documents. Calls of the Token Service are on the partner listener too, where a client certificate stands for the access token.',
  );
}

/** The document of the operator listener; its calls stand nowhere else. */
export function operatorOpenApiDocument() {
  return documentOf(
    OPERATOR_ROUTES,
    'Certificate Service: operator calls',
    'On the operator TLS listener only. Every call with a good access token, refused ones too, leaves an audit row with its subject. Calls may be repeated. Errors are RFC 9457 problem documents.',
  );
}

function documentOf(routes: readonly Route[], title: string, description: string) {
  const registry = new OpenAPIRegistry();
  const used = new Set(routes.flatMap(security).flatMap((one) => Object.keys(one)));
  for (const [name, scheme] of Object.entries(SCHEMES)) if (used.has(name)) registry.registerComponent('securitySchemes', name, scheme);
  for (const route of routes) registry.registerPath(toPath(route));
  return new OpenApiGeneratorV31(registry.definitions).generateDocument({
    openapi: '3.1.0',
    info: { title, version: '1', description },
    servers: [{ url: '/' }],
  });
}

const SCHEMES = {
  enrollmentToken: { type: 'http', scheme: 'bearer', description: 'cse_… as returned to the Token Service' },
  accessToken: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT', description: 'RFC 9068 access token of the Token Service' },
  partnerCertificate: { type: 'mutualTLS', description: 'client certificate of a configured partner, on the partner listener' },
  operatorToken: {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'JWT',
    description: 'access token of an operator; each call names its scope',
  },
} as const;

function toPath(route: Route): RouteConfig {
  const { method, path, summary, request } = route;
  return {
    method,
    path,
    summary,
    tags: [tagOf(route)],
    security: security(route),
    request: {
      ...parameters(route),
      ...(request === undefined ? {} : { body: { required: true, content: { 'application/json': { schema: request } } } }),
    },
    responses: { ...successes(route), ...problems(route) },
  };
}

/** By whoever calls it most: the pages list the calls in these groups. */
function tagOf({ callers }: Route): string {
  if (callers.includes('device')) return 'Device';
  if (callers.includes('token-service')) return 'Token Service';
  return callers.includes('operator') ? 'Operator' : 'Anybody';
}

function security({ callers, listeners, scope }: Route): Record<string, string[]>[] {
  const scopes = scope === undefined ? [] : [scope];
  return [
    ...(callers.includes('device') ? [{ enrollmentToken: [] }] : []),
    ...(callers.includes('token-service') ? [{ accessToken: scopes }] : []),
    ...(listeners.includes('partner') ? [{ partnerCertificate: [] }] : []),
    ...(callers.includes('operator') ? [{ operatorToken: scopes }] : []),
  ];
}

function parameters({ path, headers = [], query }: Route): NonNullable<RouteConfig['request']> {
  const inPath = {
    ...(path.includes('{id}') ? { id: givenEnrollmentIdSchema } : {}),
    ...(path.includes('{userId}') ? { userId: userIdSchema } : {}),
  };
  const inHeaders = {
    ...(headers.includes('idempotency-key') ? { 'Idempotency-Key': idempotencyKeySchema } : {}),
    ...(headers.includes('prefer') ? { Prefer: z.string().optional().describe('wait=N, seconds, at most 25 (RFC 7240)') } : {}),
  };
  return {
    params: z.object(inPath),
    headers: z.object(inHeaders),
    query: query ?? z.object({}),
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
function problems({ errors, callers, request, path }: Route): RouteConfig['responses'] {
  const known = new Set<ErrorCode>([...errors, ...EVERYWHERE]);
  if (!callers.includes('anyone')) known.add('invalid_token');
  if (path.includes('{id}')) known.add('enrollment_id_malformed');
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
