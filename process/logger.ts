import { type Logger, pino } from 'pino';

/**
 * JSON lines on standard output. Only what is named at a log call is written; of an error its type, code and stack, never its members
 * (a library may hang request bodies on them).
 */
export function createLogger(process: string, level: string): Logger {
  return pino({
    level,
    base: { process },
    timestamp: pino.stdTimeFunctions.isoTime,
    serializers: { err: describeError },
  });
}

function describeError(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { type: typeof error };
  const code: unknown = Reflect.get(error, 'code');
  const sqlState = sqlStateOf(error);
  return {
    type: error.name,
    message: firstLine(error.message),
    ...(typeof code === 'string' ? { code } : {}),
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
  return message.trim().split('\n', 1)[0]?.slice(0, 300) ?? '';
}

function framesOf({ stack }: Error): string[] {
  return (stack ?? '')
    .split('\n')
    .filter((line) => line.trimStart().startsWith('at '))
    .slice(0, 8)
    .map((line) => line.trim());
}
