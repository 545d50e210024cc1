/** What a failure of the driver, of Prisma around it, or of Node below it says of itself. */
export interface DriverSigns {
  /** Class of the outermost error. */
  readonly name: string;
  /** SQLSTATEs, codes of Prisma (P…), codes of Node (E…), outermost first. */
  readonly codes: readonly string[];
  /** The kinds that Prisma's adapter gives to errors; of a connection that was reset it keeps nothing else. */
  readonly kinds: readonly string[];
  /** Their words; they may quote values. */
  readonly messages: readonly string[];
}

const DEEPEST = 6;

/** Prisma wraps the driver's error; the SQLSTATE may be at any of these places. */
export function driverSigns(error: unknown): DriverSigns {
  const chain = [...chainOf(error)];
  const texts = (names: readonly string[]) =>
    chain.flatMap((one) => names.map((name) => get(one, name)).filter((text) => text !== undefined));
  const [outermost] = chain;
  return {
    name: (outermost === undefined ? undefined : get(outermost, 'name')) ?? 'unknown',
    codes: texts(['code', 'originalCode']),
    kinds: texts(['kind']),
    messages: texts(['message', 'originalMessage']),
  };
}

function* chainOf(error: unknown): Generator<object> {
  let current = error;
  for (let depth = 0; depth < DEEPEST && typeof current === 'object' && current !== null; depth += 1) {
    yield current;
    const meta: unknown = Reflect.get(current, 'meta');
    const within: unknown = typeof meta === 'object' && meta !== null ? Reflect.get(meta, 'driverAdapterError') : undefined;
    current = Reflect.get(current, 'cause') ?? within;
  }
}

function get(from: object, name: string): string | undefined {
  const value: unknown = Reflect.get(from, name);
  return typeof value === 'string' ? value : undefined;
}
