/** A value that must not be found, with what it is called in the matrix. */
export interface Secret {
  readonly name: string;
  readonly octets: Buffer;
  /** Digits of a PIN: also searched as the text that they are. */
  readonly isText?: boolean;
  /** Processes that are given it. */
  readonly owners?: readonly string[];
}

export interface Needle {
  readonly form: string;
  readonly octets: Buffer;
}

/**
 * Every form in which a program could have written or kept the value. Each is cut to its first and its last part, so that a line break,
 * a page or a chunk in the middle does not hide it.
 */
export function needlesOf({ octets, isText = false }: Secret): Needle[] {
  const forms: [string, Buffer | string][] = [
    ['octets', octets],
    ['little-endian', Buffer.from(octets.toReversed())],
    ['hex', octets.toString('hex')],
    ['HEX', octets.toString('hex').toUpperCase()],
    ...base64Forms(octets),
    ['list of octets', [...octets].join(',')],
    ['octal escapes', [...octets].map((octet) => `\\${octet.toString(8).padStart(3, '0')}`).join('')],
    ['UTF-16', Buffer.from(octets.toString(isText ? 'latin1' : 'base64url'), 'utf16le')],
    ...(isText ? [] : [['decimal', BigInt(`0x${octets.toString('hex')}`).toString()] satisfies [string, string]]),
  ];
  return forms.flatMap(([form, whole]) => parts(Buffer.from(whole)).map((part) => ({ form, octets: part })));
}

/** Within a longer text a value begins at one of three places of the base64 alphabet: each gives other characters. */
function base64Forms(octets: Buffer): [string, string][] {
  return [0, 1, 2].flatMap((shift) => {
    const shifted = Buffer.concat([Buffer.alloc(shift), octets]);
    const [start, end] = [Math.ceil((shift * 8) / 6), Math.floor((shifted.length * 8) / 6)];
    const of = (encoding: 'base64' | 'base64url') => shifted.toString(encoding).slice(start, end);
    return [
      ['base64', of('base64')],
      ['base64url', of('base64url')],
    ];
  });
}

/** Long enough that nothing else is equal to it by chance. */
const PART = 16;

function parts(whole: Buffer): Buffer[] {
  return whole.length < 2 * PART ? [whole] : [whole.subarray(0, PART), whole.subarray(-PART)];
}
