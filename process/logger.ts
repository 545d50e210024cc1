import { type Logger, pino } from 'pino';
import { allowedFields } from './log-fields.ts';
import { scrub } from './scrub.ts';

/**
 * JSON lines on standard output. Fields are an allow-list (log-fields.ts), whatever the level; of an error its class, codes, scrubbed first
 * line, stack frames and the same of its causes are written, never its members (a library may hang request bodies on them).
 */
export function createLogger(process: string, level: string): Logger {
  return pino({
    level,
    base: { process },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { log: allowedFields },
    serializers: { err: (error: unknown) => describeError(error) },
  });
}

/** A cause, and its cause: beyond that libraries only repeat themselves. */
const CAUSES = 2;

function describeError(error: unknown, causes = CAUSES): Record<string, unknown> {
  if (!(error instanceof Error)) return { type: typeof error };
  const { code, sqlState, kind } = databaseSigns(error);
  return {
    type: CLASS.test(error.name) ? error.name : scrub(error.name),
    message: scrub(firstLine(error.message)),
    ...(code === undefined ? {} : { code: CODE.test(code) ? code : scrub(code) }),
    ...(sqlState === undefined ? {} : { sqlState }),
    ...(kind === undefined ? {} : { kind }),
    ...(error.cause instanceof Error && causes > 0 ? { cause: describeError(error.cause, causes - 1) } : {}),
    stack: framesOf(error),
  };
}

/** Names that programmers give: longer than a scrubbed word may be, and without a digit, which keys, hashes and tokens have. */
const CLASS = /^[A-Z][A-Za-z]{1,59}$/;
/** Codes of Prisma (`P2010`), of Node and OpenSSL (`ERR_TLS_CERT_ALTNAME_INVALID`), our own (`service_unavailable`). */
const CODE = /^(P[1-6]\d{3}|E[A-Z][A-Z_]{1,60}|[A-Z]+(_[A-Z]+){1,8}|[a-z]+(_[a-z]+){1,8})$/;
const SQLSTATE = /^[0-9A-Z]{5}$/;

/**
 * What says which trouble a database has: Prisma's code, PostgreSQL's SQLSTATE, the adapter's kind of an error; Prisma carries the last two in
 * `meta`, its own message quotes the call. The codes say enough, the texts could quote values.
 */
function databaseSigns(error: Error): { code: string | undefined; sqlState: string | undefined; kind: string | undefined } {
  const code = textAt(error, 'code');
  const driver = textAt(error, 'meta', 'driverAdapterError', 'cause', 'originalCode') ?? textAt(error, 'cause', 'originalCode');
  const [, told] = /[Cc]ode: `([0-9A-Z]{5})`/.exec(error.message) ?? [];
  const own = textAt(error, 'sqlState') ?? (textAt(error, 'severity') === undefined ? undefined : code);
  const sqlState = [driver, own, told].find((text) => text !== undefined && SQLSTATE.test(text));
  const kind = textAt(error, 'meta', 'driverAdapterError', 'cause', 'kind') ?? textAt(error, 'cause', 'kind') ?? textAt(error, 'kind');
  return { code: code === sqlState ? undefined : code, sqlState, kind: kind === undefined || !KIND.test(kind) ? undefined : kind };
}

const KIND = /^[A-Za-z][A-Za-z-]{1,40}$/;

function textAt(from: unknown, ...path: readonly string[]): string | undefined {
  let value = from;
  for (const name of path) value = typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
  return typeof value === 'string' ? value : undefined;
}

/** Database errors repeat values in later lines. */
function firstLine(message: string): string {
  return message.trim().split('\n', 1)[0] ?? '';
}

/** Where, not what: the part of the stack that repeats the message is left out, and what a function's name may hold is bounded. */
function framesOf({ stack = '', message }: Error): string[] {
  return (stack.split(message).at(-1) ?? '')
    .split('\n')
    .filter((line) => /^\s+at \S/.test(line))
    .slice(0, 8)
    .map((line) => line.trim().slice(0, 200));
}
