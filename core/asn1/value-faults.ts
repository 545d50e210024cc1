import { compareOctets } from './compare-octets.ts';

/** What the rules need of a value; `DerNode` has it. */
export interface ReadValue {
  readonly tag: number;
  readonly constructed: boolean;
  readonly content: Uint8Array;
  readonly children: readonly { readonly raw: Uint8Array }[];
}

export interface ValueFault {
  readonly reason: string;
  /** Section of X.690. */
  readonly rule: string;
}

/**
 * Why a universal value is not in its DER form, or undefined when it is. Context, application and private tags carry
 * whatever their specification says, so they are left to whoever knows it. Source: X.690 §8, §10.2, §11.
 */
export function valueFault(node: ReadValue): ValueFault | undefined {
  if ((node.tag & 0xc0) !== 0) return undefined;
  const number = node.tag & 0x1f;
  if (number === SEQUENCE) return node.constructed ? undefined : fault('a SEQUENCE in primitive form', '§8.9.1');
  if (number === SET) return node.constructed ? setFault(node.children) : fault('a SET in primitive form', '§8.11.1');
  if (CONSTRUCTED_NUMBERS.has(number)) return node.constructed ? undefined : fault('a structured type in primitive form', '§8.1.2.5');
  if (node.constructed) return fault('a primitive type in constructed form (BER, not DER)', '§10.2');
  return primitiveFault(number, node.content);
}

const SEQUENCE = 16;
const SET = 17;
/** EXTERNAL, EMBEDDED PDV, CHARACTER STRING. */
const CONSTRUCTED_NUMBERS = new Set([8, 11, 29]);

function primitiveFault(number: number, content: Uint8Array): ValueFault | undefined {
  switch (number) {
    case 0:
      return fault('an end-of-contents value (BER, not DER)', '§10.1');
    case 1:
      return content.length === 1 && (content[0] === 0 || content[0] === 0xff)
        ? undefined
        : fault('a BOOLEAN other than 00 or FF', '§11.1');
    case 2:
      return integerFault(content, 'an INTEGER');
    case 3:
      return bitStringFault(content);
    case 5:
      return content.length === 0 ? undefined : fault('a NULL with content', '§8.8.2');
    case 6:
      return oidFault(content);
    case 10:
      return integerFault(content, 'an ENUMERATED');
    case 13:
      return relativeOidFault(content);
    case 14:
    case 15:
      return fault('a reserved tag number', '§8.1.2');
    case 28:
      return content.length % 4 === 0 ? undefined : fault('a UniversalString of another length than four octets a character', '§8.23.7');
    case 30:
      return content.length % 2 === 0 ? undefined : fault('a BMPString of another length than two octets a character', '§8.23.8');
    default:
      return undefined;
  }
}

/** X.690 §8.3.2: the first nine bits are neither all zero nor all one. */
function integerFault([first, second]: Uint8Array, what: string): ValueFault | undefined {
  if (first === undefined) return fault(`${what} without content`, '§8.3.1');
  if (second === undefined) return undefined;
  const padded = (first === 0x00 && second < 0x80) || (first === 0xff && second >= 0x80);
  return padded ? fault(`${what} that is not minimal`, '§8.3.2') : undefined;
}

/** X.690 §8.6.2 and §11.2.1: at most 7 unused bits, all of them zero. */
function bitStringFault(content: Uint8Array): ValueFault | undefined {
  const unused = content[0];
  if (unused === undefined) return fault('a BIT STRING without content', '§8.6.2');
  if (unused > 7 || (unused > 0 && content.length === 1)) return fault('a BIT STRING with an impossible number of unused bits', '§8.6.2');
  const last = content.at(-1) ?? 0;
  return (last & ((1 << unused) - 1)) === 0 ? undefined : fault('a BIT STRING whose unused bits are not zero', '§11.2.1');
}

function oidFault(content: Uint8Array): ValueFault | undefined {
  return content.length === 0 ? fault('an OBJECT IDENTIFIER without content', '§8.19.1') : arcsFault(content);
}

function relativeOidFault(content: Uint8Array): ValueFault | undefined {
  return content.length === 0 ? fault('a RELATIVE-OID without content', '§8.20.1') : arcsFault(content);
}

/** X.690 §8.19.2: no arc begins with 0x80, the last octet ends an arc. */
function arcsFault(content: Uint8Array): ValueFault | undefined {
  let starts = true;
  for (const octet of content) {
    if (starts && octet === 0x80) return fault('an OBJECT IDENTIFIER whose arc is not minimal', '§8.19.2');
    starts = octet < 0x80;
  }
  return starts ? undefined : fault('an OBJECT IDENTIFIER that ends inside an arc', '§8.19.2');
}

/** X.690 §11.6: ascending, as octet strings. Equal ones are allowed here; who cares about duplicates looks for them. */
function setFault(children: ReadValue['children']): ValueFault | undefined {
  const sorted = children.every((child, i) => {
    const before = children[i - 1];
    return before === undefined || compareOctets(before.raw, child.raw) <= 0;
  });
  return sorted ? undefined : fault('a SET whose members are not in DER order', '§11.6');
}

function fault(reason: string, section: string): ValueFault {
  return { reason, rule: `X.690 ${section}` };
}
