import { base64, pem } from '../../conformance/csr-cases/build-request.ts';
import { encode, type Tree } from './der-tree.ts';
import { type Random, randomOctets } from './random.ts';

/** Just over the bound of the reader, 32: deeper ones would only harm others who take our inputs. */
const MOST_LEVELS = 40;

/** What was never a request: random octets, random well-formed DER, deep and wide DER, random text, long runs of one character. */
export function garbage(random: Random): string {
  switch (random(6)) {
    case 0:
      return base64(randomOctets(1 + random(2_000), random));
    case 1:
      return pem(encode(randomTree(random, 6)));
    case 2:
      return base64(deep(random(MOST_LEVELS), random(2) === 0 ? 0x30 : 0xa0));
    case 3:
      return base64(Buffer.concat([Buffer.from('3082', 'hex'), lengthOf(random), Buffer.alloc(random(12_000), random(256))]));
    case 4:
      return String.fromCharCode(...randomOctets(random(3_000), random));
    default:
      return ['=', '-', ' ', '\n', 'A', '-----BEGIN ', '\\', '"'][random(8)]?.repeat(random(6_000)) ?? '';
  }
}

function randomTree(random: Random, depth: number): Tree {
  const constructed = depth > 0 && random(3) > 0;
  const members = constructed ? Array.from({ length: random(6) }, () => randomTree(random, depth - 1)) : undefined;
  const tag = constructed ? ([0x30, 0x31, 0xa0][random(3)] ?? 0x30) : ([2, 3, 4, 5, 6, 0x0c, 0x13][random(7)] ?? 5);
  return { tag, members, content: randomOctets(random(20), random), length: 'der' };
}

/** Each level holds the next, with a length of two octets that no level checks before its parent's is right. */
function deep(levels: number, tag: number): Uint8Array {
  const whole = Buffer.alloc(levels * 4);
  for (let i = 0; i < levels; i += 1) {
    whole.writeUInt16BE((tag << 8) | 0x82, i * 4);
    whole.writeUInt16BE((levels - i - 1) * 4, i * 4 + 2);
  }
  return whole;
}

function lengthOf(random: Random): Uint8Array {
  return randomOctets(2, random);
}
