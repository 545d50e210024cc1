import { sign } from 'node:crypto';
import { ecSpki } from '../../conformance/csr-cases/build-request.ts';
import { bitString, oid, sequence } from '../../core/asn1/write-der.ts';
import type { BaseRequest } from './base-requests.ts';
import { copyOf, encode, flat, type Tree, treeOf } from './der-tree.ts';
import { pick, type Random, randomOctets } from './random.ts';

/** Text that bites: NUL, controls, bidi, overlong, surrogates, emoji, combining, long. */
const STRINGS = [
  '00',
  '0a',
  'e280ae61',
  'e281a6',
  'c080',
  'e080af',
  'eda080',
  'f4908080',
  'ff',
  'efbbbf61',
  'f09f9982',
  'd983',
  '61'.repeat(1_025),
  '2a',
  '5f',
  'd83dde00',
  '2a864886',
].map((text): Uint8Array => Buffer.from(text, 'hex'));
const TAGS = [
  0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x0a, 0x0c, 0x0d, 0x12, 0x13, 0x14, 0x16, 0x17, 0x18, 0x1a, 0x1b, 0x1c, 0x1e, 0x30, 0x31, 0x80, 0xa0,
  0xa1, 0x1f, 0x24, 0x2c,
];
const OIDS = [
  '1.2.840.113549.1.9.7',
  '1.2.840.113549.1.9.14',
  '1.2.840.113549.1.9.16.2.54',
  '1.3.6.1.4.1.311.2.1.14',
  '2.5.29.17',
  '2.5.29.15',
  '1.2.840.10045.2.1',
  '1.3.132.0.35',
  '2.25.340282366920938463463374607431768211455',
].map(oid);
const SPKIS = [Uint8Array.of(4), Uint8Array.of(2, 1), Uint8Array.of(4, ...new Uint8Array(64))].map((point) => ecSpki(point));

type Change = (node: Tree, random: Random) => void;

const CHANGES: readonly [Change, ...Change[]] = [
  (node, random) => void (node.tag = TAGS[random(TAGS.length)] ?? 5),
  (node, random) => void (node.tag ^= 1 << random(8)),
  (node, random) => void (node.content = changeOne(node.content, random)),
  (node, random) => void (node.content = STRINGS[random(STRINGS.length)] ?? node.content),
  (node, random) => void (node.content = Buffer.concat([node.content, randomOctets(random(12), random)])),
  (node, random) => void (node.content = node.content.subarray(0, random(node.content.length))),
  (node, random) => void (node.content = randomOctets(random(24), random)),
  (node) => void (node.members = node.members?.toReversed()),
  (node, random) => void node.members?.splice(random(node.members.length), 1),
  (node, random) => void node.members?.splice(random(node.members.length), 0, ...node.members.slice(0, 1 + random(3)).map(copyOf)),
  (node, random) => void node.members?.push(leaf(random)),
  (node, random) => void node.members?.push(treeOf(pick(asTuple(OIDS), random))),
  (node, random) => void node.members?.push(attribute(random)),
  (node, random) => void node.members?.push(treeOf(pick(asTuple(SPKIS), random))),
  (node) => void (node.members = [copyOf(node)]),
  (node, random) => void (node.members = node.members === undefined ? Array.from({ length: random(40) }, () => leaf(random)) : undefined),
  (node, random) => void Object.assign(node, treeOf(pick(asTuple([...OIDS, ...SPKIS]), random))),
  (node, random) => void (node.length = pick<Tree['length']>(['long', 'indefinite', random(400)], random)),
];

/**
 * Changes one to three values of the request and signs it again with its own key: a hostile device signs what it likes, so the signature,
 * which would stop a blind mutation, stops nothing here. Half of the changes fall on what the gate reads and ignores.
 */
export function mutateTree({ der, key, digest, algorithm }: BaseRequest, random: Random): Uint8Array {
  const request = treeOf(der);
  const info = request.members?.[0] ?? request;
  for (let i = 0; i <= random(3); i += 1)
    pick(CHANGES, random)(pick(flat(random(2) === 0 ? info : ignoredPart(info, random)), random), random);
  const octets = encode(info);
  const signature = sign(digest, octets, key);
  return sequence(
    octets,
    random(50) === 0 ? sequence(randomOid(random)) : algorithm,
    bitString(random(30) === 0 ? changeOne(signature, random) : signature),
  );
}

/** The subject, or an attribute that the protocol does not know. */
function ignoredPart(info: Tree, random: Random): Tree {
  const [, subject, , attributes] = info.members ?? [];
  const ignored = [subject, ...(attributes?.members ?? []).filter((one) => !/010907|09100236/.test(encode(one).toString('hex', 0, 20)))];
  return ignored[random(ignored.length)] ?? info;
}

function leaf(random: Random): Tree {
  return { tag: TAGS[random(TAGS.length)] ?? 5, members: undefined, content: randomOctets(random(6), random), length: 'der' };
}

function attribute(random: Random): Tree {
  const type = treeOf(random(2) === 0 ? randomOid(random) : pick(asTuple(OIDS), random));
  const values: Tree = { tag: 0x31, members: [leaf(random)], content: type.content, length: 'der' };
  return { tag: 0x30, members: [type, values], content: type.content, length: 'der' };
}

function randomOid(random: Random): Uint8Array {
  return oid(`${random(3)}.${random(40)}.${Array.from({ length: 1 + random(6) }, () => random(100_000)).join('.')}`);
}

function changeOne(octets: Uint8Array, random: Random): Uint8Array {
  const at = random(octets.length);
  return octets.map((octet, i) => (i === at ? octet ^ (1 << random(8)) : octet));
}

function asTuple<T>([first, ...rest]: readonly T[]): [T, ...T[]] {
  if (first === undefined) throw new Error('nothing to pick from');
  return [first, ...rest];
}
