import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pem } from '../../conformance/csr-cases/build-request.ts';
import { goProgram } from './go-program.ts';

/** Another strict reader of PKCS#10: `ok`, or the words with which it refuses. */
export type Parser = (requests: readonly Uint8Array[]) => Promise<string[]>;

interface Difference {
  parser: string;
  says: string;
  reason: string;
}

const HERE = import.meta.dirname;

/** Differences with a reason, in the data file beside this one. */
export function isKnown(parser: string, words: string): boolean {
  const differences: Difference[] = JSON.parse(readFileSync(join(HERE, 'known-differences.json'), 'utf8'));
  return differences.some((one) => one.parser === parser && new RegExp(one.says).test(words));
}

/** Go's crypto/x509 with go-csr/; undefined when there is no Go. */
export function goParser(): Parser | undefined {
  const program = goProgram('go-csr');
  if (program === undefined) return undefined;
  return async (requests) => {
    const lines = requests.map((der) => Buffer.from(der).toString('base64')).join('\n');
    const said = (await run(program, [], `${lines}\n`)).trimEnd().split('\n');
    if (said.length !== requests.length) throw new Error(`Go answered ${said.length} times to ${requests.length} requests`);
    return said;
  };
}

const AT_ONCE = 4;

/** `openssl req -verify`, one process a request. OpenSSL 3.0 leaves with 0 even when the signature is wrong, so its words count. */
export const openssl: Parser = async (requests) => {
  const said: string[] = [];
  for (let at = 0; at < requests.length; at += AT_ONCE) {
    const batch = requests.slice(at, at + AT_ONCE).map(async (der) => {
      const words = await run('openssl', ['req', '-verify', '-noout'], pem(der));
      return /verify OK/.test(words) && !/failure/.test(words) ? 'ok' : words.trim().replaceAll('\n', ' ');
    });
    said.push(...(await Promise.all(batch)));
  }
  return said;
};

function run(program: string, args: string[], input: string): Promise<string> {
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  let words = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (words += chunk.toString()));
  // A program that has seen enough closes its end.
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  return new Promise((done, fail) => {
    child.once('error', fail);
    child.once('close', () => done(words));
  });
}
