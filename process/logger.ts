import { type Logger, pino } from 'pino';
import { allowedFields } from './log-fields.ts';
import { scrub } from './scrub.ts';

/**
 * JSON lines on standard output. Fields are an allow-list (log-fields.ts), whatever the level; of an error its type, code, scrubbed first
 * line and stack frames are written, never its members (a library may hang request bodies on them).
 */
export function createLogger(process: string, level: string): Logger {
  return pino({
    level,
    base: { process },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { log: allowedFields },
    serializers: { err: describeError },
  });
}

function describeError(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { type: typeof error };
  const code: unknown = Reflect.get(error, 'code');
  const sqlState = sqlStateOf(error);
  return {
    type: scrub(error.name),
    message: scrub(firstLine(error.message)),
    ...(typeof code === 'string' ? { code: scrub(code) } : {}),
    ...(sqlState === undefined ? {} : { sqlState }),
    stack: framesOf(error),
  };
}

/** PostgreSQL's code of what went wrong (Prisma carries it in `meta`): the code says enough, its text could quote values. */
function sqlStateOf(error: Error): string | undefined {
  const [, code] = /[Cc]ode: `([0-9A-Z]{5})`/.exec(error.message) ?? [];
  return code;
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
