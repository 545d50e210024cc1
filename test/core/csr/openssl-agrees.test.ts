import { spawnSync } from 'node:child_process';
import { createHash, generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import {
  ALGORITHM,
  buildRequest,
  challenge,
  delivery,
  goodAttributes,
  type Pieces,
  p256,
  pem,
  rsa2048,
  submission,
  thumbprint,
} from '../../../conformance/csr-cases/build-request.ts';
import { explicit } from '../../../core/asn1/write-der.ts';
import { judgeCsr } from '../../../core/csr/judge-csr.ts';
import { deps } from './gate-deps.ts';

/** OpenSSL 3.0 leaves with 0 even when the signature is wrong, so only its words count. */
function opensslSays(csr: string): boolean {
  const { stdout, stderr } = spawnSync('openssl', ['req', '-verify', '-noout'], { input: csr });
  const words = `${stdout.toString()}${stderr.toString()}`;
  return /verify OK/.test(words) && !/failure/.test(words);
}

const directory = mkdtempSync(join(tmpdir(), 'openssl-agrees-'));
afterAll(() => rmSync(directory, { recursive: true }));

describe('the gate against OpenSSL', () => {
  test.each<[string, Pieces]>([
    ['EC P-256', {}],
    ['EC P-384', { key: generateKeyPairSync('ec', { namedCurve: 'secp384r1' }).privateKey, algorithm: ALGORITHM.es384, digest: 'sha384' }],
    ['RSA-2048', { key: rsa2048, algorithm: ALGORITHM.rs256 }],
  ])('what the gate accepts for %s, openssl req -verify accepts; one octet of the signature changed, both refuse', (_title, pieces) => {
    const der = buildRequest(pieces);
    const broken = Uint8Array.from(der);
    broken[broken.length - 1] = (broken.at(-1) ?? 0) ^ 1;
    const gate = [der, broken].map((bytes) => judgeCsr(submission({ der: bytes }), deps).ok);
    expect(gate).toEqual([true, false]);
    expect([der, broken].map((bytes) => opensslSays(pem(bytes)))).toEqual(gate);
  });

  test.each(['EC', 'RSA'])(
    'a request that openssl req made for an %s key passes all checks up to the binding, which OpenSSL cannot write',
    (family) => {
      const key = family === 'EC' ? p256 : rsa2048;
      const keyFile = join(directory, `${family}.pem`);
      const configFile = join(directory, `${family}.cnf`);
      writeFileSync(keyFile, key.export({ format: 'pem', type: 'pkcs8' }));
      writeFileSync(
        configFile,
        `[req]\nprompt=no\ndistinguished_name=dn\nattributes=at\n[dn]\nCN=test\n[at]\nchallengePassword=${challenge}\n`,
      );
      const { stdout } = spawnSync('openssl', ['req', '-new', '-sha256', '-key', keyFile, '-config', configFile]);
      const verdict = judgeCsr(submission({ csrText: stdout.toString() }), deps);
      expect(verdict).toMatchObject({
        ok: false,
        refusal: { code: 'delivery_key_not_bound', detail: expect.stringMatching(/^The CSR carries no id-aa-asymmDecryptKeyID: /) },
      });
    },
  );

  test.each(['ed25519', 'ed448'])(
    'a request that openssl req made for an %s key meets the code of keys that are not taken yet',
    (algorithm) => {
      const keyFile = join(directory, `${algorithm}.pem`);
      const { stdout } = spawnSync('openssl', ['req', '-new', '-newkey', algorithm, '-nodes', '-keyout', keyFile, '-subj', '/CN=test']);
      expect(judgeCsr(submission({ csrText: stdout.toString() }), deps)).toMatchObject({
        ok: false,
        refusal: { code: 'key_type_not_taken_yet' },
      });
    },
  );

  test('OpenSSL verifies attributes in any order too, and reads both labels', () => {
    for (const label of ['CERTIFICATE REQUEST', 'NEW CERTIFICATE REQUEST']) {
      const csr = pem(buildRequest({ wholeAttributes: explicit(0, ...goodAttributes().toReversed()) }), label);
      expect([judgeCsr(submission({ csrText: csr }), deps).ok, opensslSays(csr)]).toEqual([true, true]);
    }
  });

  test('OpenSSL reads challenge, binding and key of an accepted request as the gate does', () => {
    const csr = pem(buildRequest());
    const run = (...args: string[]) => spawnSync('openssl', args, { input: csr }).stdout.toString();
    expect(run('req', '-noout', '-text')).toContain(challenge);
    expect(run('asn1parse')).toContain(thumbprint(delivery).toString('hex').toUpperCase());
    const spki = Buffer.from(run('req', '-noout', '-pubkey').replaceAll(/-----[^-]*-----|\s/g, ''), 'base64');
    expect(judgeCsr(submission({ csrText: csr }), deps)).toMatchObject({ spkiSha256Hex: createHash('sha256').update(spki).digest('hex') });
  });
});
