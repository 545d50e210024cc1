import { compareOctets } from './compare-octets.ts';

/** What the rules need of a value; `DerNode` has it. */
export interface ReadValue {
  readonly tag: number;
  readonly constructed: boolean;
  readonly content: Uint8Array;
  readonly children: readonly { readonly raw: Uint8Array }[];
}

/**
 * Why a universal value is not in its DER form, or undefined when it is. Context, application and private tags carry
 * whatever their specification says, so they are left to whoever knows it. Source: X.690 §8, §10.2, §11.
 */
export function valueFault(node: ReadValue): string | undefined {
  if ((node.tag & 0xc0) !== 0) return undefined;
  const number = node.tag & 0x1f;
  if (number === SEQUENCE) return node.constructed ? undefined : 'a SEQUENCE in primitive form';
  if (number === SET) return node.constructed ? setFault(node.children) : 'a SET in primitive form';
  if (CONSTRUCTED_NUMBERS.has(number)) return node.constructed ? undefined : 'a structured type in primitive form';
  if (node.constructed) return 'a primitive type in constructed form (BER, not DER)';
  return primitiveFault(number, node.content);
}

const SEQUENCE = 16;
const SET = 17;
/** EXTERNAL, EMBEDDED PDV, CHARACTER STRING. */
const CONSTRUCTED_NUMBERS = new Set([8, 11, 29]);

function primitiveFault(number: number, content: Uint8Array): string | undefined {
  switch (number) {
    case 0:
      return 'an end-of-contents value (BER, not DER)';
    case 1:
      return content.length === 1 && (content[0] === 0 || content[0] === 0xff) ? undefined : 'a BOOLEAN other than 00 or FF';
    case 2:
      return integerFault(content, 'an INTEGER');
    case 3:
      return bitStringFault(content);
    case 5:
      return content.length === 0 ? undefined : 'a NULL with content';
    case 6:
      return oidFault(content);
    case 10:
      return integerFault(content, 'an ENUMERATED');
    case 13:
      return relativeOidFault(content);
    case 14:
    case 15:
      return 'a reserved tag number';
    default:
      return undefined;
  }
}

/** X.690 §8.3.2: the first nine bits are neither all zero nor all one. */
function integerFault([first, second]: Uint8Array, what: string): string | undefined {
  if (first === undefined) return `${what} without content`;
  if (second === undefined) return undefined;
  const padded = (first === 0x00 && second < 0x80) || (first === 0xff && second >= 0x80);
  return padded ? `${what} that is not minimal` : undefined;
}

/** X.690 §8.6.2 and §11.2.1: at most 7 unused bits, all of them zero. */
function bitStringFault(content: Uint8Array): string | undefined {
  const unused = content[0];
  if (unused === undefined) return 'a BIT STRING without content';
  if (unused > 7 || (unused > 0 && content.length === 1)) return 'a BIT STRING with an impossible number of unused bits';
  const last = content.at(-1) ?? 0;
  return (last & ((1 << unused) - 1)) === 0 ? undefined : 'a BIT STRING whose unused bits are not zero';
}

function oidFault(content: Uint8Array): string | undefined {
  return content.length === 0 ? 'an OBJECT IDENTIFIER without content' : arcsFault(content);
}

function relativeOidFault(content: Uint8Array): string | undefined {
  return content.length === 0 ? 'a RELATIVE-OID without content' : arcsFault(content);
}

/** X.690 §8.19.2: no arc begins with 0x80, the last octet ends an arc. */
function arcsFault(content: Uint8Array): string | undefined {
  let starts = true;
  for (const octet of content) {
    if (starts && octet === 0x80) return 'an OBJECT IDENTIFIER whose arc is not minimal';
    starts = octet < 0x80;
  }
  return starts ? undefined : 'an OBJECT IDENTIFIER that ends inside an arc';
}

/** X.690 §11.6: ascending, as octet strings. Equal ones are allowed here; who cares about duplicates looks for them. */
function setFault(children: ReadValue['children']): string | undefined {
  const sorted = children.every((child, i) => {
    const before = children[i - 1];
    return before === undefined || compareOctets(before.raw, child.raw) <= 0;
  });
  return sorted ? undefined : 'a SET whose members are not in DER order';
}
