import {
  chmodSync,
  chownSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readSecretFile, writeSecretFile } from '../../cli/secret-file.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cs-secret-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const at = (name: string) => join(folder, name);
const modeOf = (path: string) => statSync(path).mode & 0o777;

describe('a secret that is written', () => {
  test('is for its owner alone, also where a file with wide rights was', () => {
    writeFileSync(at('secret'), 'old', { mode: 0o644 });
    writeSecretFile(at('secret'), 'new');
    expect([readFileSync(at('secret'), 'utf8'), modeOf(at('secret'))]).toEqual(['new', 0o600]);
    expect(readdirSync(folder)).toEqual(['secret']);
  });

  test('replaces a link and leaves what it pointed to', () => {
    writeFileSync(at('target'), 'as it was');
    symlinkSync(at('target'), at('secret'));
    writeSecretFile(at('secret'), 'new');
    expect([readFileSync(at('target'), 'utf8'), readFileSync(at('secret'), 'utf8')]).toEqual(['as it was', 'new']);
  });

  test('leaves nothing behind where it cannot be written', () => {
    expect(() => writeSecretFile(at('missing/secret'), 'new')).toThrow('ENOENT');
    expect(existsSync(at('missing'))).toBe(false);
  });
});

describe.skipIf(process.geteuid === undefined)('a secret that is read', () => {
  test.each([0o600, 0o400, 0o440])('with mode %o is taken, through a link too', (mode) => {
    writeFileSync(at('secret'), 'value');
    chmodSync(at('secret'), mode);
    symlinkSync(at('secret'), at('link'));
    expect(readSecretFile(at('link')).toString('utf8')).toBe('value');
  });

  test.each([0o644, 0o604, 0o620, 0o666])('with mode %o is refused, with what to do', (mode) => {
    writeFileSync(at('secret'), 'value');
    chmodSync(at('secret'), mode);
    expect(() => readSecretFile(at('secret'))).toThrow(`chmod 600 ${at('secret')}`);
  });

  test.skipIf(process.geteuid?.() !== 0)('of another user is refused', () => {
    writeFileSync(at('secret'), 'value', { mode: 0o600 });
    chownSync(at('secret'), 65_534, 65_534);
    expect(() => readSecretFile(at('secret'))).toThrow('belongs to another user');
  });
});
