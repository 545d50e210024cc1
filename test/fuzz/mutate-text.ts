import { base64, pem } from '../../conformance/csr-cases/build-request.ts';
import { pick, type Random } from './random.ts';

const BITS = [
  '\n',
  '\r',
  '\r\n',
  ' ',
  '\t',
  '=',
  '-',
  '-----',
  '\\n',
  '\0',
  '\ufeff',
  'é',
  '_',
  '+',
  '{',
  '"',
  '-----BEGIN CERTIFICATE REQUEST-----',
  '-----END CERTIFICATE REQUEST-----',
  '-----BEGIN X509 CRL-----\nMA==\n-----END X509 CRL-----\n',
  '\u2028',
  '\u200b',
  '\f',
  ' \r \n',
] as const;

type Change = (text: string, random: Random) => string;

const CHANGES: readonly [Change, ...Change[]] = [
  (text, random) => insert(text, random, pick(BITS, random)),
  (text, random) => insert(text, random, pick(BITS, random).repeat(1 + random(2_000))),
  (text, random) => cut(text, random, 1 + random(3)),
  (text, random) => cut(text, random, random(text.length)),
  (text) => text.replaceAll('\n', '\r\n'),
  (text) => text.replaceAll('\n', ''),
  (text) => text.replaceAll('\n', '\r'),
  (text) => text.replaceAll('\n', ' '),
  (text) => text.replaceAll('\n', ' \t\n\n  '),
  (text) => text.replaceAll('+', ' '),
  (text) => base64(Buffer.from(text)),
  (text) => text.toUpperCase(),
  (text) => text.replaceAll('+', '-').replaceAll('/', '_'),
  (text) => text.replaceAll('=', ''),
  (text) => text + text,
  (text) => JSON.stringify(text),
  (text, random) => text.replace('CERTIFICATE REQUEST', ['CERTIFICATE', 'NEW CERTIFICATE REQUEST', 'PUBLIC KEY', ''][random(4)] ?? ''),
  (text) => encodeURIComponent(text),
  (text, random) => `${' \n'.repeat(random(400))}${text}${'\n\t'.repeat(random(400))}`,
];

/** A sound request as PEM or base64, its text changed once or twice: the octets under it stay the same or are no longer whole. */
export function mutateText(der: Uint8Array, random: Random): string {
  let text = random(2) === 0 ? pem(der) : base64(der);
  for (let i = 0; i <= random(2); i += 1) text = pick(CHANGES, random)(text, random);
  return text;
}

function insert(text: string, random: Random, piece: string): string {
  const at = random(text.length + 1);
  return `${text.slice(0, at)}${piece}${text.slice(at)}`;
}

function cut(text: string, random: Random, length: number): string {
  const at = random(text.length);
  return text.slice(0, at) + text.slice(at + length);
}
