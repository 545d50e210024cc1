import { spawnSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { explainCsr } from '../../cli/csr/explain-csr.ts';
import { readCsrCases } from '../../conformance/csr-cases-file.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const folder = mkdtempSync(join(tmpdir(), 'csr-check-'));
afterAll(() => rmSync(folder, { recursive: true }));

const { cases } = readCsrCases();
const inputOf = (id: string) => {
  const found = cases.find((one) => one.id === id);
  if (found === undefined) throw new Error(`no case ${id}`);
  return found.input;
};
const sound = inputOf('accepted/ec-p-256-with-sha-256-as-pem');
const der = Buffer.from(sound.csr.replaceAll(/-----[^-]*-----|\s/g, ''), 'base64');

function cs(args: string[], input?: string | Buffer): { code: number | null; out: string; err: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--import', 'tsx', 'cli/main.ts', 'csr', 'check', ...args], {
    cwd: ROOT,
    input,
  });
  return { code: status, out: stdout.toString(), err: stderr.toString() };
}

function fileOf(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

describe('cs csr check', { timeout: 120_000 }, () => {
  test('a sound PEM: exit 0, key, signature, attributes, what the challenge says, and plainly what was not checked', () => {
    const { code, out } = cs([fileOf('good.pem', sound.csr)]);
    expect(code).toBe(0);
    expect(out).toMatch(/^ACCEPTED .*good\.pem/);
    for (const said of [
      'EC:P-256',
      'ecdsa-with-SHA256',
      'challengePassword',
      '2026-11-23T10:05:00.000Z',
      'Not checked here',
      '--delivery-key',
    ])
      expect(out).toContain(said);
  });

  test.each([
    ['a folder', [folder], `cs: ${folder} is a folder, and a file is needed: name a file in it.`],
    [
      'a folder as delivery key',
      ['--delivery-key', folder, fileOf('for-a-folder.pem', sound.csr)],
      `cs: ${folder} is a folder, and a file is needed`,
    ],
    ['a file that is not there', [join(folder, 'none.pem')], `cs: There is no file ${join(folder, 'none.pem')}: correct the path`],
    ['an empty file', [fileOf('empty.pem', '')], 'empty.pem is empty: nothing was written to it. Make the request again'],
  ])('%s: exit 2, and a sentence with cause, place and next step', (_, args, sentence) => {
    const { code, out, err } = cs(args);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain(sentence);
  });

  test('binary DER from a file and from standard input is the same request', () => {
    const said = (answer: { out: string }): unknown => JSON.parse(answer.out);
    const byFile = said(cs(['--json', fileOf('good.der', der)]));
    expect(said(cs(['--json', '-'], der))).toEqual(byFile);
    expect(byFile).toMatchObject({ accepted: true, octets: der.length, deliveryKeyCompared: false });
  });

  test('with the delivery key it compares: the right one, another one, a private one', () => {
    const csr = fileOf('with-key.pem', sound.csr);
    const right = cs(['--delivery-key', fileOf('key.json', JSON.stringify(sound.deliveryKey)), csr]);
    expect(right.code).toBe(0);
    expect(right.out).toContain('the one that you gave');
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const { kty, crv, x, y } = publicKey.export({ format: 'jwk' });
    const other = cs(['--delivery-key', fileOf('other.json', JSON.stringify({ kty, crv, x, y })), csr]);
    expect([other.code, other.out.includes('delivery_key_not_bound')]).toEqual([1, true]);
    const { d, ...rest } = privateKey.export({ format: 'jwk' });
    const leaked = cs(['--delivery-key', fileOf('private.json', JSON.stringify({ ...rest, d })), csr]);
    expect([leaked.code, leaked.out.includes('delivery_key_private_sent')]).toEqual([1, true]);
    expect(leaked.out).not.toContain(d);
  });

  test('refused: code, rule, octet, and the octet marked in a hex view', () => {
    const { code, out } = cs([fileOf('version.pem', inputOf('csr_profile_version/version-1').csr)]);
    expect(code).toBe(1);
    expect(out).toMatch(/code +csr_profile_version\n/);
    expect(out).toMatch(/rule +RFC 2986 §4\.1\n/);
    const [, offset = ''] = /where +octet (\d+) of/.exec(out) ?? [];
    expect(out).toContain('in version');
    const lines = out.split('\n');
    const marked = lines.findIndex((line) => /^ +\^\^/.test(line));
    const [row = '', marker = ''] = [lines[marked - 1], lines[marked]];
    expect(row.slice(marker.indexOf('^^')).replaceAll(/ +/g, ' ').startsWith('02 01 01')).toBe(true);
    expect(Number.parseInt(row.trim().slice(0, 4), 16)).toBe(Math.floor(Number(offset) / 16) * 16);
  });

  test('--json of a refusal has the members of the answer on the wire', () => {
    const { out } = cs(['--json', '-'], inputOf('csr_not_der/an-integer-with-a-needless-00').csr);
    expect(JSON.parse(out)).toMatchObject({
      accepted: false,
      code: 'csr_not_der',
      rule: 'X.690 §8.3.2',
      offset: expect.any(Number),
      hint: expect.any(String),
      where: expect.stringMatching(/^octet \d+ of \d+/),
    });
  });

  test('a fault of the text is shown by line and column; UTF-16 of PowerShell is called by its name', () => {
    expect(cs(['-'], inputOf('csr_encoding/a-zero-width-space-in-a-line').csr).out).toContain('line 2, column 9');
    const utf16 = cs([fileOf('utf16.pem', Buffer.from(`\ufeff${sound.csr}`, 'utf16le'))]);
    expect([utf16.code, utf16.out.includes('UTF-16')]).toEqual([1, true]);
  });

  const explained = (id: string, change = (csr: string) => csr) =>
    explainCsr({ name: 'csr', form: 'text', text: change(inputOf(id).csr) }, undefined);

  test('lines are counted whatever ends them', () => {
    const id = 'csr_encoding/end-on-the-last-line-of-the-base64';
    const lines = inputOf(id).csr.trimEnd().split('\n');
    const place = `line ${lines.length}, column ${(lines.at(-1)?.indexOf('-') ?? 0) + 1}`;
    for (const eol of ['\r', '\r\n', '\n']) expect(explained(id, (csr) => csr.replaceAll('\n', eol)).text).toContain(place);
  });

  test('attributes in another order than that of DER are accepted and mentioned; sorted ones are not', () => {
    const unsorted = explained('accepted/the-challenge-before-the-binding');
    expect([unsorted.accepted, unsorted.json['attributesInDerOrder']]).toEqual([true, false]);
    expect(unsorted.text).toContain('not in the order of a DER SET OF (X.690 §11.6); taken in any order');
    const sorted = explained('accepted/ec-p-256-with-sha-256-as-pem');
    expect([sorted.json['attributesInDerOrder'], sorted.text.includes('order')]).toEqual([true, false]);
  });

  test('a private key is refused and never printed, in whatever form it was sent', () => {
    const keys = cases.filter(({ expected }) => expected.outcome === 'refused' && expected.code === 'csr_private_key_sent');
    expect(keys.length).toBeGreaterThan(15);
    for (const { id, input } of keys) {
      const { accepted, text, json } = explainCsr({ name: 'csr', form: 'text', text: input.csr }, undefined);
      const said = `${text}${JSON.stringify(json)}`;
      expect({ id, accepted, code: json['code'] }).toEqual({ id, accepted: false, code: 'csr_private_key_sent' });
      const pieces = input.csr.replaceAll(/-----[^-]*-----|\s/g, '').match(/.{16}/g) ?? [];
      expect({ id, shown: pieces.filter((piece) => said.includes(piece)) }).toEqual({ id, shown: [] });
      expect(text).not.toMatch(/^ +[0-9a-f]{4} {2}/m);
    }
  });

  test('a private key in binary is not shown as hex either', () => {
    const key = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'der', type: 'pkcs8' });
    const { code, out } = cs([fileOf('key.der', key)]);
    expect([code, out.includes('csr_private_key_sent'), out.includes(key.toString('hex', 36, 44).replace(/(..)/g, '$1 '))]).toEqual([
      1,
      true,
      false,
    ]);
  });

  test('what cannot be read is exit 2, with a sentence and no stack', () => {
    for (const args of [
      [join(folder, 'nothing.pem')],
      [fileOf('empty.pem', '')],
      ['--delivery-key', fileOf('no.json', '{'), fileOf('a.pem', sound.csr)],
    ]) {
      const { code, out, err } = cs(args);
      expect([code, out]).toEqual([2, '']);
      expect(err).toMatch(/^cs: .+\n$/);
    }
  });
});
