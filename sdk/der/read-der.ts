/** One element of DER: tag, content, and the whole encoding. All are views into the input, nothing is copied. */
export interface DerElement {
  readonly tag: number;
  readonly content: Buffer;
  readonly encoding: Buffer;
}

/** Why an encoding is refused; callers turn it into the error of their place. */
export class DerError extends Error {
  override readonly name = 'DerError';
}

/**
 * Small strict DER reader (X.690 §10): definite lengths in their shortest form, single-octet tags, nothing behind the last element.
 * `next(tag)` demands a tag; `end()` demands that nothing is left.
 */
export class DerReader {
  readonly #octets: Buffer;
  #at = 0;

  constructor(octets: Uint8Array) {
    this.#octets = Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength);
  }

  /** The only element of `octets`. */
  static one(octets: Uint8Array, tag: number): DerElement {
    const reader = new DerReader(octets);
    const element = reader.next(tag);
    reader.end();
    return element;
  }

  /** A reader over the content of the next element. */
  enter(tag: number): DerReader {
    return new DerReader(this.next(tag).content);
  }

  next(tag: number): DerElement {
    const element = this.#read();
    if (element.tag !== tag) throw new DerError(`tag ${hex(element.tag)} where ${hex(tag)} belongs`);
    return element;
  }

  /** The next element when it has this tag. */
  nextIf(tag: number): DerElement | undefined {
    return this.#octets[this.#at] === tag ? this.next(tag) : undefined;
  }

  any(): DerElement {
    return this.#read();
  }

  get done(): boolean {
    return this.#at === this.#octets.length;
  }

  end(): void {
    if (!this.done) throw new DerError(`${this.#octets.length - this.#at} octets too many`);
  }

  #read(): DerElement {
    const start = this.#at;
    const tag = this.#octet();
    if ((tag & 0x1f) === 0x1f) throw new DerError('tag of more than one octet');
    const length = this.#length();
    if (length > this.#octets.length - this.#at) throw new DerError('cut off');
    const content = this.#octets.subarray(this.#at, this.#at + length);
    this.#at += length;
    return { tag, content, encoding: this.#octets.subarray(start, this.#at) };
  }

  #length(): number {
    const first = this.#octet();
    if (first < 0x80) return first;
    const count = first & 0x7f;
    if (count === 0 || count > 3) throw new DerError('indefinite or oversized length');
    let length = 0;
    for (let i = 0; i < count; i++) length = length * 256 + this.#octet();
    if (length < 0x80 || length < 256 ** (count - 1)) throw new DerError('length not in its shortest form');
    return length;
  }

  #octet(): number {
    const octet = this.#octets[this.#at];
    if (octet === undefined) throw new DerError('cut off');
    this.#at++;
    return octet;
  }
}

function hex(tag: number): string {
  return tag.toString(16).padStart(2, '0');
}
