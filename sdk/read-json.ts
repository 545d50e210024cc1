/** A JSON object whose members have not been looked at yet. */
export type JsonRecord = Readonly<Record<string, unknown>>;

export function isJsonRecord(value: unknown): value is JsonRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Reads members of untrusted JSON by name and type; members that are not asked for are ignored (protocol §1).
 * `wrong` makes the error of the place that reads: an answer of the service, the card, a JWE header.
 */
export class JsonReader {
  readonly #record: JsonRecord;
  readonly #wrong: (message: string) => Error;

  constructor(value: unknown, wrong: (message: string) => Error) {
    if (!isJsonRecord(value)) throw wrong('not a JSON object');
    this.#record = value;
    this.#wrong = wrong;
  }

  text(name: string): string {
    const value = this.#record[name];
    if (typeof value !== 'string') throw this.#wrong(`${name} is not a string`);
    return value;
  }

  number(name: string): number {
    const value = this.#record[name];
    if (typeof value !== 'number') throw this.#wrong(`${name} is not a number`);
    return value;
  }

  flag(name: string): boolean {
    const value = this.#record[name];
    if (typeof value !== 'boolean') throw this.#wrong(`${name} is not true or false`);
    return value;
  }

  texts(name: string): readonly string[] {
    const value = this.#record[name];
    if (!Array.isArray(value)) throw this.#wrong(`${name} is not an array`);
    return value.map((item: unknown) => {
      if (typeof item !== 'string') throw this.#wrong(`${name} holds something that is not a string`);
      return item;
    });
  }

  object(name: string): JsonReader {
    return new JsonReader(this.#record[name], (message) => this.#wrong(`${name}: ${message}`));
  }

  objects(name: string): readonly JsonReader[] {
    const value = this.#record[name];
    if (!Array.isArray(value)) throw this.#wrong(`${name} is not an array`);
    return value.map((item: unknown) => new JsonReader(item, (message) => this.#wrong(`${name}: ${message}`)));
  }

  has(name: string): boolean {
    return this.#record[name] !== undefined;
  }

  /** Undefined when the member is absent or null, as models write what is unset; wrong types are still refused. */
  optional<T>(name: string, read: (reader: JsonReader) => T): T | undefined {
    return (this.#record[name] ?? undefined) === undefined ? undefined : read(this);
  }
}

/** The JSON value of a text; `wrong` makes the error for anything else. */
export function parseJson(text: string, wrong: (message: string) => Error): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return value;
  } catch {
    throw wrong('not JSON');
  }
}
