import { type Needle, needlesOf, type Secret } from './secret-forms.ts';

interface Marked extends Needle {
  readonly secret: string;
}

/** Where each secret was seen: secret → form → how often. */
export type Found = ReadonlyMap<string, ReadonlyMap<string, number>>;

/** Looks for all forms of all secrets at once, in one pass: a table over the first two octets rules nearly every place out. */
export class Search {
  readonly #byBeginning = new Map<number, Marked[]>();
  /** 1 for each beginning that some needle has. */
  readonly #beginnings = new Uint8Array(65_536);
  readonly #found = new Map<string, Map<string, number>>();
  readonly #longest: number;

  constructor(secrets: readonly Secret[]) {
    const needles = secrets.flatMap((secret) => needlesOf(secret).map((needle) => ({ ...needle, secret: secret.name })));
    for (const needle of needles) this.#remember(needle);
    this.#longest = Math.max(...needles.map(({ octets }) => octets.length));
  }

  /** Pieces of one place, in order: what lies across two of them is found. */
  async readAll(pieces: AsyncIterable<Buffer> | Iterable<Buffer>): Promise<number> {
    let rest: Buffer = Buffer.alloc(0);
    let octets = 0;
    for await (const piece of pieces) {
      const joined = Buffer.concat([rest, piece]);
      this.#look(joined, rest.length);
      rest = Buffer.from(joined.subarray(Math.max(joined.length - this.#longest + 1, 0)));
      octets += piece.length;
    }
    return octets;
  }

  get found(): Found {
    return this.#found;
  }

  #remember(needle: Marked): void {
    const beginning = needle.octets.readUInt16LE(0);
    this.#beginnings[beginning] = 1;
    this.#byBeginning.set(beginning, [...(this.#byBeginning.get(beginning) ?? []), needle]);
  }

  #look(octets: Buffer, before: number): void {
    const beginnings = this.#beginnings;
    let two = (octets[0] ?? 0) << 8;
    for (let next = 1; next < octets.length; next += 1) {
      two = (two >> 8) | ((octets[next] ?? 0) << 8);
      if (beginnings[two] === 1) this.#compare(octets, two, next - 1, before);
    }
  }

  /** What lies wholly in the part that was read before was counted before. */
  #compare(octets: Buffer, beginning: number, at: number, before: number): void {
    for (const needle of this.#byBeginning.get(beginning) ?? [])
      if (at + needle.octets.length > before && startsAt(octets, needle.octets, at)) this.#count(needle);
  }

  #count({ secret, form }: Marked): void {
    const forms = this.#found.get(secret) ?? new Map<string, number>();
    forms.set(form, (forms.get(form) ?? 0) + 1);
    this.#found.set(secret, forms);
  }
}

function startsAt(octets: Buffer, needle: Buffer, at: number): boolean {
  return octets.compare(needle, 0, needle.length, at, Math.min(at + needle.length, octets.length)) === 0;
}
