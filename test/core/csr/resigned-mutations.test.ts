import { spawnSync } from 'node:child_process';
import { sign } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import {
  ALGORITHM,
  buildRequest,
  challenge,
  delivery,
  ecSpki,
  extensionRequest,
  goodAttributes,
  type Pieces,
  p256,
  pem,
  spkiOf,
  subjectWith,
  submission,
  thumbprint,
} from '../../../conformance/csr-cases/build-request.ts';
import { type DerNode, readDer } from '../../../core/asn1/read-der.ts';
import { bitString, NULL, octetString, oid, sequence, set, tlv, utf8String } from '../../../core/asn1/write-der.ts';
import { judgeCsr } from '../../../core/csr/judge-csr.ts';
import { deps } from './gate-deps.ts';

/*
 * A hostile device signs what it likes: after each mutation the request is signed again with its own key, so that the signature, which
 * would stop a blind mutation, stops nothing here.
 */
describe('mutations signed again by their own key', () => {
  const outcomes = Array.from({ length: 4_000 }, (_, i) => mutant(i)).map((der) => ({ der, verdict: judgeCsr(submission({ der }), deps) }));
  const accepted = outcomes.filter(({ verdict }) => verdict.ok).map(({ der }) => der);

  test('many are refused and many accepted, so that the next tests have something to say; none is thrown', () => {
    expect(accepted.length).toBeGreaterThan(100);
    expect(outcomes.length - accepted.length).toBeGreaterThan(1_000);
  });

  test('what is accepted still has version 0, the key, the challenge and the binding as they were', () => {
    for (const der of accepted) {
      const [version, , spki, attributes] = readDer(der).children[0]?.children ?? [];
      expect(hex(version?.raw)).toBe('020100');
      expect(hex(spki?.raw)).toBe(hex(spkiOf(p256)));
      const octets = Buffer.from(attributes?.raw ?? []);
      expect([octets.includes(challenge), octets.includes(thumbprint(delivery))]).toEqual([true, true]);
    }
  });

  test('OpenSSL accepts each of 60 different ones too', () => {
    const different = new Map(accepted.map((der) => [Buffer.from(readDer(der).children[0]?.raw ?? []).toString('hex'), der]));
    const sample = [...different.values()].slice(0, 60);
    expect(sample).toHaveLength(60);
    for (const der of sample) {
      const { stdout, stderr } = spawnSync('openssl', ['req', '-verify', '-noout'], { input: pem(der) });
      expect(`${stdout.toString()}${stderr.toString()}`).toMatch(/verify OK/);
    }
  });
});

const boundless = tlv(6, new Uint8Array(129).fill(1));

test.each<[string, Pieces]>([
  ['the subject', { subject: sequence(set(sequence(boundless, utf8String('a')))) }],
  ['an attribute', { attributes: [...goodAttributes(), sequence(boundless, set(NULL))] }],
  ['a requested extension', { attributes: [...goodAttributes(), extensionRequest(sequence(boundless, octetString(NULL)))] }],
  ['the algorithm of the key', { spki: sequence(sequence(boundless), bitString(Uint8Array.of(0))) }],
  ['the curve', { spki: sequence(sequence(oid('1.2.840.10045.2.1'), boundless), bitString(Uint8Array.of(4))) }],
  ['the signature algorithm', { algorithm: sequence(boundless) }],
])('an OBJECT IDENTIFIER above the limit is a refusal wherever the gate reads one: %s', (_title, pieces) => {
  expect(judgeCsr(submission({ der: buildRequest(pieces) }), deps)).toMatchObject({ ok: false });
});

interface Tree {
  tag: number;
  members: Tree[] | undefined;
  content: Uint8Array;
}

/** The same number gives the same mutation. */
function mutant(seed: number): Uint8Array {
  const request = readDer(buildRequest({ subject: subjectWith(utf8String('Zoë')), attributes: manyAttributes() }));
  const info = treeOf(request.children[0] ?? request);
  const random = randomFrom(seed);
  for (let i = 0; i <= random(2); i += 1) mutate(pick(flat(info), random) ?? info, random);
  const octets = encoded(info);
  return sequence(octets, ALGORITHM.es256, bitString(sign('sha256', octets, p256)));
}

function mutate(node: Tree, random: (below: number) => number): void {
  const { members, content } = node;
  const at = random(members?.length ?? content.length);
  switch (random(6)) {
    case 0:
      node.tag = (random(256) & 0xde) | (node.tag & 0x21);
      return;
    case 1:
      node.content = content.map((octet, i) => (i === at ? random(256) : octet));
      members?.reverse();
      return;
    case 2:
      node.content = content.subarray(0, at);
      members?.splice(at, 1);
      return;
    case 3:
      node.content = Buffer.concat([content, Buffer.alloc(random(300), random(256))]);
      members?.splice(at, 0, ...members.slice(at, at + 1));
      return;
    case 4:
      members?.push({ tag: [2, 5, 6, 0x0c, 0x80][random(5)] ?? 5, members: undefined, content: new Uint8Array(random(3)) });
      return;
    default:
      members?.push(treeOf(readDer(ecSpki(Uint8Array.of(0)))));
  }
}

function manyAttributes(): Uint8Array[] {
  const requested = ['2.5.29.15', '2.5.29.17'].map((id) => sequence(oid(id), octetString(sequence())));
  return [...goodAttributes(), extensionRequest(...requested), sequence(oid('1.2.3.4'), set(NULL, utf8String('a')))];
}

function treeOf(node: DerNode): Tree {
  return { tag: node.tag, members: node.constructed ? node.children.map(treeOf) : undefined, content: node.content };
}

function flat(tree: Tree): Tree[] {
  return [tree, ...(tree.members ?? []).flatMap(flat)];
}

function encoded({ tag, members, content }: Tree): Uint8Array {
  return members === undefined ? tlv(tag, content) : tlv(tag, ...members.map(encoded));
}

function hex(octets: Uint8Array = new Uint8Array()): string {
  return Buffer.from(octets).toString('hex');
}

function pick<T>(from: readonly T[], random: (below: number) => number): T | undefined {
  return from[random(from.length)];
}

/** Seeded, so that a failure can be found again. Source: Mulberry32. */
function randomFrom(seed: number): (below: number) => number {
  let state = Math.imul(seed + 1, 0x9e3779b1);
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return below === 0 ? 0 : ((t ^ (t >>> 14)) >>> 0) % below;
  };
}
