import { describe, expect, test } from 'vitest';
import type { z } from 'zod';
import { explainNull } from '../../api/middleware/explain-null.ts';
import { createEnrollmentRequest, csrRequest, pinRequest } from '../../contract/http.ts';

/* Models write null for what is unset: every body that we read says which member it is and what to do. */

const PIN = { mode: 'setup', attemptId: '4ace17f3-95f0-4d4c-8a0f-0a4a5f5b8f10', pinHash: { v: 1, kid: 's1', value: 'A'.repeat(43) } };
const CSR = { csr: 'text', deliveryKey: {}, deliveryFormat: 'jwe', sdkKey: 'EC:P-256' };
const CREATE = { userId: 'u-1', deviceId: 'd-1', tokenId: 't-1', pin: 'verify', platform: 'ios' };

function explained(schema: z.ZodType, body: object): string | undefined {
  const { error } = schema.safeParse(body);
  return error === undefined ? 'taken' : explainNull(schema, body, error);
}

describe('null in a body', () => {
  test.each([
    ...Object.keys(CREATE).map((name) => ['create', createEnrollmentRequest, { ...CREATE, [name]: null }, true] as const),
    ['pin', pinRequest, { ...PIN, attemptId: null }, true] as const,
    ['pin', pinRequest, { ...PIN, pinHash: null }, true] as const,
    ['pin', pinRequest, { ...PIN, pinHash: { ...PIN.pinHash, kid: null } }, true] as const,
    ['pin', pinRequest, { ...PIN, pinHash: { ...PIN.pinHash, salt: null } }, false] as const,
    ['csr', csrRequest, { ...CSR, csr: null }, true] as const,
    ['csr', csrRequest, { ...CSR, sdkKey: null }, false] as const,
    ['create', createEnrollmentRequest, { ...CREATE, comment: null }, false] as const,
  ])('of %s: what to do (%#)', (_call, schema, body, needed) => {
    expect(explained(schema, body)).toBe(needed ? 'is null: a value is needed.' : 'is null: leave it out.');
  });

  test.each([
    ['a value that is wrong', { ...CREATE, userId: 7 }],
    ['a member that is missing', { ...CREATE, userId: undefined }],
    ['an unknown member with a value', { ...CREATE, comment: 'x' }],
  ])('%s is explained by others', (_what, body) => {
    expect(explained(createEnrollmentRequest, body)).toBeUndefined();
  });
});
