import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { takeDataFolder } from '../../cli/dev/data-folder.ts';
import { discardData } from '../../cli/dev/discard-data.ts';
import { distantHome } from '../../cli/dev/postgres-home.ts';

describe('a data folder', () => {
  it('is made, taken, and given back', () => {
    const folder = join(mkdtempSync(join(tmpdir(), 'cs-data-')), 'data');
    takeDataFolder(folder, false).release();
    expect(readdirSync(folder)).toEqual([]);
    takeDataFolder(folder, false).release();
  });

  it('of a running process is refused in a sentence that names the process', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'cs-data-'));
    const other = spawn(process.execPath, ['-e', 'setInterval(() => undefined, 1000)'], { stdio: 'ignore' });
    writeFileSync(join(folder, 'lock'), String(other.pid));
    expect(() => takeDataFolder(folder, false)).toThrow(new RegExp(`in use by process ${other.pid}.*--data`));
    expect(() => takeDataFolder(folder, true)).toThrow(/in use/);
    const gone = new Promise((done) => other.once('exit', done));
    other.kill('SIGKILL');
    await gone;
    takeDataFolder(folder, false).release();
  });

  it('with things of somebody else is never touched, not even with --fresh', () => {
    const folder = mkdtempSync(join(tmpdir(), 'cs-data-'));
    writeFileSync(join(folder, 'thesis.txt'), 'years of work');
    expect(() => takeDataFolder(folder, true)).toThrow(/not a data folder/);
    expect(existsSync(join(folder, 'thesis.txt'))).toBe(true);
  });

  it.skipIf(process.getuid?.() !== 0)('is discarded with the files that PostgreSQL has elsewhere, as --fresh does', () => {
    const folder = mkdtempSync(join(tmpdir(), 'cs-data-'));
    const elsewhere = distantHome(join(folder, 'postgres'));
    mkdirSync(join(elsewhere, 'data'), { recursive: true });
    discardData(folder);
    expect([folder, elsewhere].filter((path) => existsSync(path))).toEqual([]);
    discardData(folder);
  });

  it('that lacks a piece proposes --fresh, which begins anew', () => {
    const folder = mkdtempSync(join(tmpdir(), 'cs-data-'));
    mkdirSync(join(folder, 'secrets'));
    writeFileSync(join(folder, 'secrets', 'token.keys'), 'test');
    expect(() => takeDataFolder(folder, false)).toThrow(/half-made.*--fresh/);
    takeDataFolder(folder, true).release();
    expect(readdirSync(folder)).toEqual([]);
  });
});
