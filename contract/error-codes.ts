import { CSR_REFUSALS, type CsrRefusalCode } from './csr-refusal-codes.ts';

/** One problem as callers meet it (RFC 9457). `retryable`: the same bytes may succeed later. */
export interface ProblemKind {
  readonly status: 400 | 401 | 403 | 404 | 405 | 408 | 409 | 410 | 413 | 414 | 415 | 417 | 422 | 423 | 429 | 431 | 500 | 503;
  readonly retryable: boolean;
  readonly title: string;
  /** What the developer who meets it should do. */
  readonly hint: string;
}

const HTTP_PROBLEMS = {
  invalid_json: {
    status: 400,
    retryable: false,
    title: 'The body is not one JSON value in UTF-8',
    hint: 'Encode the body as UTF-8 JSON without a byte order mark; a member may appear once only.',
  },
  idempotency_key_required: {
    status: 400,
    retryable: false,
    title: 'The header Idempotency-Key is missing or malformed',
    hint: 'Send 1 to 64 characters of A-Z a-z 0-9 . _ : - and keep the same key when you repeat the call.',
  },
  invalid_request: {
    status: 400,
    retryable: false,
    title: 'A header or parameter of the request is malformed',
    hint: 'Correct what the detail names; the rest of the request was not judged yet.',
  },
  enrollment_id_malformed: {
    status: 400,
    retryable: false,
    title: 'The enrollment id is not a UUID with dashes',
    hint: 'Send enrollmentId as the create answered it; upper and lower case are the same, braces and urn:uuid: are not taken.',
  },
  invalid_token: {
    status: 401,
    retryable: false,
    title: 'The credential is missing, wrong, or of the wrong kind for this call',
    hint: 'Send the credential of this call as Authorization: Bearer: the enrollment token for SDK calls, a fresh JWT of the Token Service for its own.',
  },
  insufficient_scope: {
    status: 403,
    retryable: false,
    title: 'The access token lacks the scope that this call needs',
    hint: 'Ask the issuer of the token for the scope that the member scope names.',
  },
  route_not_found: { status: 404, retryable: false, title: 'There is no such call', hint: 'Compare path with the API documentation.' },
  enrollment_not_found: {
    status: 404,
    retryable: false,
    title: 'No such enrollment for this client',
    hint: 'Compare enrollmentId and client_id: a Token Service sees only the enrollments that its own client_id created.',
  },
  file_not_found: {
    status: 404,
    retryable: false,
    title: 'No such public file',
    hint: 'Ask for one of /ca/<issuer>.cer, /crl/<issuer>.crl and .pem with issuer root, issuing-rsa or issuing-ec; /crl/all.pem, /ca/bundle.pem.',
  },
  method_not_allowed: {
    status: 405,
    retryable: false,
    title: 'The path exists, the method does not',
    hint: 'Use one of the methods that the header Allow lists.',
  },
  request_timeout: {
    status: 408,
    retryable: false,
    title: 'The request did not arrive in time',
    hint: 'Send the headers within 10 s and the whole request within 30 s; a client that is that slow needs another network, not another try.',
  },
  body_too_large: {
    status: 413,
    retryable: false,
    title: 'The body is larger than 65,536 octets',
    hint: 'Send what the call asks for and nothing else; a CSR of 16 KiB fits easily.',
  },
  uri_too_long: {
    status: 414,
    retryable: false,
    title: 'The request target is longer than 2,048 characters',
    hint: 'Put credentials into headers and data into bodies; no call needs more than 200.',
  },
  unsupported_media_type: {
    status: 415,
    retryable: false,
    title: 'The body must be application/json in UTF-8, not compressed',
    hint: 'Set Content-Type: application/json, if any charset then utf-8, and no Content-Encoding. The detail names the part that is not taken.',
  },
  expectation_failed: {
    status: 417,
    retryable: false,
    title: 'The header Expect asks for something else than 100-continue',
    hint: 'Leave the header away.',
  },
  invalid_body: {
    status: 422,
    retryable: false,
    title: 'The body does not fit the schema of this call',
    hint: 'Correct the member that pointer names (RFC 6901); leave out members that the call does not know.',
  },
  idempotency_key_reused: {
    status: 422,
    retryable: false,
    title: 'This Idempotency-Key was used with another body',
    hint: 'Use a new key for a new enrollment, the same key and body for a repetition.',
  },
  too_many_requests: {
    status: 429,
    retryable: true,
    title: 'Too many requests',
    hint: 'Wait for Retry-After seconds, then repeat the same call.',
  },
  headers_too_large: {
    status: 431,
    retryable: false,
    title: 'The headers are larger than 16 KiB or more than 64',
    hint: 'Look for a loop that adds a header to each repetition: a call needs four or five.',
  },
  internal_error: {
    status: 500,
    retryable: false,
    title: 'Something went wrong inside the service',
    hint: 'Report the X-Request-Id; the fault is logged under it.',
  },
  service_unavailable: {
    status: 503,
    retryable: true,
    title: 'A part that this call needs is away',
    hint: 'Wait for Retry-After seconds, then repeat the same call with the same bytes.',
  },
  workflow_unavailable: {
    status: 503,
    retryable: true,
    title: 'The workflow of this enrollment is gone or does not answer',
    hint: 'Repeat the call; if the run was terminated the enrollment ends within minutes and says so.',
  },
  shutting_down: {
    status: 503,
    retryable: true,
    title: 'This instance is shutting down',
    hint: 'Repeat the call; another instance answers.',
  },
} as const satisfies Record<string, ProblemKind>;

const STATE_PROBLEMS = {
  wrong_state: { status: 409, retryable: false, title: 'The enrollment is in another state', hint: 'Go by the members state and next.' },
  enrollment_completed: {
    status: 409,
    retryable: false,
    title: 'The enrollment is complete and cannot be cancelled',
    hint: 'Keep the certificates, or have them revoked: there is nothing to cancel any more.',
  },
  enrollment_ended: {
    status: 410,
    retryable: false,
    title: 'The enrollment ended before the acknowledgement',
    hint: 'Destroy keys and certificates of this enrollment and start a new one.',
  },
  credentials_gone: {
    status: 410,
    retryable: false,
    title: 'The credentials are no longer held here',
    hint: 'Use what was delivered; without it start a new enrollment: after the acknowledgement or the end the sealed key was erased.',
  },
  token_retired: {
    status: 410,
    retryable: false,
    title: 'The enrollment exists, its token cannot be made again',
    hint: 'Use a new Idempotency-Key for a new enrollment; the key of enrollment tokens was retired since.',
  },
  csr_already_accepted: {
    status: 409,
    retryable: false,
    title: 'Another CSR was already accepted for this enrollment',
    hint: 'Send the bytes of the accepted submission again, or start a new enrollment.',
  },
} as const satisfies Record<string, ProblemKind>;

const PIN_PROBLEMS = {
  pin_incorrect: {
    status: 403,
    retryable: false,
    title: 'The PIN is wrong',
    hint: 'Ask the user again and use a new attemptId; attemptsLeft and retryAt say how often and when.',
  },
  pin_retry_later: {
    status: 429,
    retryable: false,
    title: 'Too soon after a wrong PIN; nothing was charged',
    hint: 'Show retryAt and let the user try again then; do not repeat by machine.',
  },
  pin_locked: {
    status: 423,
    retryable: false,
    title: 'The PIN of this user is locked',
    hint: 'Have it reset by the Token Service or an operator, which ends open enrollments; then start a new one.',
  },
  pin_already_set: { status: 409, retryable: false, title: 'The user already has a PIN', hint: 'Read the view; next is pin.verify.' },
  pin_not_set: { status: 409, retryable: false, title: 'The user has no PIN yet', hint: 'Read the view; next is pin.setup.' },
  pin_params_changed: {
    status: 409,
    retryable: false,
    title: 'The PIN parameters are not the ones in force',
    hint: 'Read pinParams from the view, hash the PIN again, use a new attemptId. Nothing was charged.',
  },
  pin_too_weak: {
    status: 422,
    retryable: false,
    title: 'The PIN is one of the commonest',
    hint: 'Let the user choose another; the list of weak PINs is in conformance/.',
  },
  attempt_lost: {
    status: 409,
    retryable: false,
    title: 'The outcome of this attempt was lost',
    hint: 'Ask the user again and use a new attemptId; the lost attempt was charged.',
  },
} as const satisfies Record<string, ProblemKind>;

const CREDENTIAL_PROBLEMS = {
  ack_proof_invalid: {
    status: 422,
    retryable: false,
    title: 'The proof of possession does not verify',
    hint: 'Sign with the SDK key over exactly the claims of the protocol; the detail names the member that does not fit.',
  },
  ack_attempts_exceeded: {
    status: 429,
    retryable: false,
    title: 'Too many wrong acknowledgements',
    hint: 'Start a new enrollment; this one ends at its deadline.',
  },
  csr_submissions_exceeded: {
    status: 429,
    retryable: false,
    title: 'Too many different submissions for this enrollment',
    hint: 'Start a new enrollment.',
  },
  issuing_refused: {
    status: 409,
    retryable: false,
    title: 'The certificate that would have been issued breaks the rules',
    hint: 'Report the enrollment id: this is a fault of the service, not of the device.',
  },
  issuer_unavailable: {
    status: 409,
    retryable: false,
    title: 'The certificate authority for this key type is not available',
    hint: 'Report the enrollment id to the operator.',
  },
} as const satisfies Record<string, ProblemKind>;

export type ErrorCode =
  | keyof typeof HTTP_PROBLEMS
  | keyof typeof STATE_PROBLEMS
  | keyof typeof PIN_PROBLEMS
  | keyof typeof CREDENTIAL_PROBLEMS
  | CsrRefusalCode;

const fromRefusals = Object.fromEntries(
  Object.entries(CSR_REFUSALS).map(([code, { title, hint }]) => [code, { status: 422, retryable: false, title, hint }]),
);

/** The one table from code to problem; docs/errors.md is generated from it. */
// oxlint-disable-next-line typescript/consistent-type-assertions, typescript/no-unsafe-type-assertion -- fromEntries forgets the keys
export const PROBLEMS = {
  ...HTTP_PROBLEMS,
  ...STATE_PROBLEMS,
  ...PIN_PROBLEMS,
  ...fromRefusals,
  ...CREDENTIAL_PROBLEMS,
} as Readonly<Record<ErrorCode, ProblemKind>>;

export function isErrorCode(text: string): text is ErrorCode {
  return Object.hasOwn(PROBLEMS, text);
}
