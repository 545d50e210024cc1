import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { openApiDocument } from '../../api/openapi.ts';
import { ROUTES } from '../../api/route-table.ts';

const schema = z.record(z.string(), z.unknown());
const operation = z.object({
  security: z.array(z.record(z.string(), z.array(z.string()))),
  parameters: z.array(z.object({ name: z.string(), in: z.string(), required: z.boolean().optional() })).optional(),
  requestBody: z.object({ required: z.literal(true), content: z.object({ 'application/json': z.object({ schema }) }) }).optional(),
  responses: z.record(z.string(), z.object({ description: z.string(), content: z.record(z.string(), z.object({ schema })).optional() })),
});
const paths = z.record(z.string(), z.record(z.string(), operation)).parse(openApiDocument().paths);

const ajv = new Ajv2020({ strict: false });
formats.default(ajv);

function operationOf(method: string, path: string): z.infer<typeof operation> {
  const found = paths[path]?.[method];
  if (found === undefined) throw new Error(`${method} ${path} is not documented`);
  return found;
}

describe.each(ROUTES.map((route) => ({ name: `${route.method} ${route.path}`, route })))('$name', ({ route }) => {
  const documented = operationOf(route.method, route.path);

  test('documents every success and every refusal of the route, each with a schema that compiles', () => {
    for (const [status, { content }] of Object.entries(documented.responses)) {
      const types = Object.keys(content ?? {});
      if (status !== '204') expect(types).toEqual([Number(status) < 400 ? 'application/json' : 'application/problem+json']);
      for (const { schema: one } of Object.values(content ?? {})) expect(ajv.compile(one)).toBeTypeOf('function');
    }
    expect(Object.keys(documented.responses)).toEqual(expect.arrayContaining(Object.keys(route.responses)));
    const described = Object.values(documented.responses).flatMap(({ description }) => description.split(', '));
    expect(described).toEqual(expect.arrayContaining([...route.errors]));
  });

  test('names who may call it, and every parameter of its path', () => {
    const kinds = documented.security.flatMap((one) => Object.keys(one));
    expect(kinds.includes('enrollmentToken')).toBe(route.callers.includes('device'));
    expect(kinds.includes('accessToken')).toBe(route.callers.includes('token-service'));
    const inPath = (documented.parameters ?? []).filter((parameter) => parameter.in === 'path').map(({ name }) => name);
    expect(inPath).toEqual([...route.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name));
  });

  test('has a closed request: an unknown member does not fit it', () => {
    const requested = documented.requestBody?.content['application/json'].schema;
    expect(requested === undefined).toBe(route.request === undefined);
    if (requested !== undefined) expect(requested).toMatchObject({ type: 'object', additionalProperties: false });
  });
});

test.each([
  ['post', '/v1/enrollments', { userId: 'u-1', deviceId: 'd-1', tokenId: 't-1', pin: 'skip-if-present', platform: 'android' }],
  [
    'put',
    '/v1/enrollments/{id}/pin',
    {
      mode: 'setup',
      attemptId: '0b6a7c1e-5d2f-4e38-9a41-7f3c2d1b0a99',
      pinHash: { v: 1, kid: 's1', value: '0MAZcPydj7j_bgREcEjyC7_RnY8BaS5w6d7h9RwEgjE' },
    },
  ],
  ['post', '/v1/enrollments/{id}/csr', { csr: 'MA==', deliveryKey: { kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA' }, deliveryFormat: 'cms' }],
  ['post', '/v1/enrollments/{id}/ack', { proof: 'a.b.c' }],
])('the request of the protocol fits the documented one: %s %s', (method, path, body) => {
  const requested = operationOf(method, path).requestBody?.content['application/json'].schema;
  if (requested === undefined) throw new Error('no request is documented');
  const validate = ajv.compile(requested);
  expect(validate(body)).toBe(true);
  expect(validate({ ...body, more: 1 })).toBe(false);
});
