import { z } from 'zod';
import { DELIVERY_FORMATS, KEY_TYPES } from './key-types.ts';
import { NEXT_STEPS, PIN_POLICIES, PIN_STATUSES, PLATFORMS, STATES } from './states.ts';

/*
 * Bodies of the HTTP calls (protocol §3). Requests are strict: an unknown member is refused by name.
 * Answers are described as they are sent; clients ignore members they do not know.
 */

/** Of the last character only the bits that an octet uses may be set (RFC 4648 §3.5): one value has one text. */
const LAST = { 16: '[AQgw]', 32: '[AEIMQUYcgkosw048]' } as const;
const b64u = (octets: 16 | 32) => {
  const form = `^[A-Za-z0-9_-]{${Math.ceil((octets * 4) / 3) - 1}}${LAST[octets]}$`;
  return z.string().regex(new RegExp(form), `base64url without padding of ${octets} octets, unused bits zero`);
};
/** Not `.` or `..`: readers of the URIs in certificates would collapse them. */
const callerId = z
  .string()
  .regex(/^(?!\.{1,2}$)[A-Za-z0-9._:-]{1,64}$/, '1 to 64 characters of A-Z a-z 0-9 . _ : - and not only one or two dots');
const uuid = z.string().regex(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/, 'a lower-case UUID');
const UUID_IN_EITHER_CASE = /^[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$/;
/** What clients send: a UUID is case-insensitive on input (RFC 9562 §4), inside there is one form of it. */
const givenUuid = z.string().regex(UUID_IN_EITHER_CASE, 'a UUID with dashes, without braces or urn:uuid:').toLowerCase();
export const instant = z.iso.datetime({ precision: 3 });

export const enrollmentIdSchema = uuid;
export const givenEnrollmentIdSchema = givenUuid;
export const userIdSchema = callerId.meta({ example: 'u-1' });
export const idempotencyKeySchema = callerId.meta({ example: 'registration-4711' });

export const createEnrollmentRequest = z.strictObject({
  userId: userIdSchema,
  deviceId: callerId.meta({ example: 'd-1' }),
  tokenId: callerId.meta({ example: 't-1' }),
  pin: z.enum(PIN_POLICIES),
  platform: z.enum(PLATFORMS),
});
export type CreateEnrollmentRequest = z.infer<typeof createEnrollmentRequest>;

export const createEnrollmentResponse = z.object({
  enrollmentId: uuid,
  enrollmentToken: z.string().regex(/^cse_[A-Za-z0-9_-]{43}$/),
  state: z.enum(STATES),
  next: z.enum(NEXT_STEPS),
  pinStatus: z.enum(PIN_STATUSES),
  expiresAt: instant,
});
export type CreateEnrollmentResponse = z.infer<typeof createEnrollmentResponse>;

export const pinParamsSchema = z.object({
  v: z.literal(1),
  alg: z.literal('argon2id'),
  m: z.int().describe('memory in KiB'),
  t: z.int().describe('passes'),
  p: z.int().describe('lanes'),
  len: z.literal(32).describe('octets of the raw hash'),
  kid: z.string(),
  salt: b64u(16),
});
export type PinParams = z.infer<typeof pinParamsSchema>;

export const processSchema = z.object({
  stage: z.enum(STATES),
  waitingFor: z.string().describe('whose turn it is: device, service, nobody'),
  since: instant,
  refusalsLeft: z.int(),
});
export type ProcessView = z.infer<typeof processSchema>;

/** Query parameter of the view. */
export const processWanted = z.enum(['true', 'false']).optional().describe('whether the device asks for the member process too');

export const enrollmentView = z.object({
  enrollmentId: uuid,
  state: z.enum(STATES),
  next: z.enum(NEXT_STEPS),
  deadline: instant.optional().describe('end of the present stage'),
  expiresAt: instant.optional().describe('end of the whole enrollment'),
  endedAt: instant.optional(),
  code: z.string().optional().describe('why it ended'),
  pinParams: pinParamsSchema.optional(),
  pinPolicy: z.object({ min: z.int(), max: z.int(), charset: z.literal('digits') }).optional(),
  challenge: z.object({ value: z.string().regex(/^[0-9a-f]{82}$/), expiresAt: instant }).optional(),
  keyProfile: z.object({ types: z.array(z.enum(KEY_TYPES)), sdkTypes: z.array(z.enum(KEY_TYPES)) }),
  delivery: z.object({ formats: z.array(z.enum(DELIVERY_FORMATS)) }),
  process: processSchema.optional(),
});
export type EnrollmentView = z.infer<typeof enrollmentView>;

export const pinRequest = z.strictObject({
  mode: z.enum(['setup', 'verify']),
  attemptId: givenUuid,
  pinHash: z.strictObject({ v: z.literal(1), kid: z.string().min(1).max(16), value: b64u(32) }),
});
export type PinRequest = z.infer<typeof pinRequest>;

/** PostgreSQL stores neither NUL nor a lone surrogate; no CSR and no JWK holds one. */
const storable = (text: z.ZodString) => text.refine((value) => !/[\0\p{Cs}]/u.test(value), 'must not hold NUL or a lone surrogate');

export const csrRequest = z.strictObject({
  csr: storable(z.string().min(1).max(65_536)).describe('PKCS#10 as one PEM block or as base64 DER, at most 16 KiB of DER'),
  deliveryKey: z
    .record(storable(z.string()), z.union([storable(z.string()), z.number(), z.boolean(), z.null()]))
    .describe('public JWK with exactly kty, crv, x, y: EC P-256, new for this enrollment; judged with the CSR'),
  deliveryFormat: z.enum(DELIVERY_FORMATS),
  sdkKey: z.enum(KEY_TYPES).optional(),
});
export type CsrRequest = z.infer<typeof csrRequest>;

export const credentialsResponse = z.object({
  userCertificate: z.string(),
  sdkCertificate: z.string(),
  chains: z.object({ user: z.array(z.string()), sdk: z.array(z.string()) }),
  sdkKey: z.object({ format: z.enum(DELIVERY_FORMATS), value: z.string(), sha256: b64u(32) }),
  ackBefore: instant,
});
export type CredentialsResponse = z.infer<typeof credentialsResponse>;

export const issuingResponse = z.object({ state: z.literal('issuing') });
export type IssuingResponse = z.infer<typeof issuingResponse>;

export const ackRequest = z.strictObject({ proof: z.string().min(1).max(4_096) });
export type AckRequest = z.infer<typeof ackRequest>;

export const ackResponse = z.object({ state: z.literal('completed'), receipt: z.string() });
export type AckResponse = z.infer<typeof ackResponse>;

export const pinStatusResponse = z.object({ status: z.enum(PIN_STATUSES) });
export type PinStatusResponse = z.infer<typeof pinStatusResponse>;

export const jwksResponse = z.object({
  keys: z.array(
    z.object({ kty: z.string(), crv: z.string(), x: z.string(), y: z.string(), kid: z.string(), alg: z.string(), use: z.string() }),
  ),
});

/** RFC 9457 problem document; named extras stand beside these members. */
export const problemDocument = z.looseObject({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  code: z.string(),
  retryable: z.boolean(),
  hint: z.string().describe('what the developer who meets it should do'),
  instance: z.string().describe('urn:uuid of the X-Request-Id'),
});
export type ProblemDocument = z.infer<typeof problemDocument>;
