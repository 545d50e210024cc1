import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { errorSentence } from '../../cli/error-sentence.ts';

const folder = mkdtempSync(join(tmpdir(), 'cs-sentence-'));
const thrownBy = (work: () => unknown): unknown => {
  try {
    return work();
  } catch (error) {
    return error;
  }
};

describe('a command that failed says', () => {
  it('that a file is missing, is there already, or is a folder', () => {
    const file = join(folder, 'there');
    writeFileSync(file, '');
    expect(errorSentence(thrownBy(() => readFileSync(`${file}-not`)))).toBe(
      `There is no file ${file}-not: correct the path, or make the folders above it.`,
    );
    expect(errorSentence(thrownBy(() => writeFileSync(file, '', { flag: 'wx' })))).toBe(`${file} exists already: choose another name.`);
    expect(errorSentence(thrownBy(() => writeFileSync(folder, '')))).toBe(
      `${folder} is a folder, and a file is needed: name a file in it.`,
    );
  });

  it.each<[string, RegExp]>([
    ['EACCES', /^User id \d+ may not read or write \/f: run cs as its owner, or change owner or mode/],
    ['EPERM', /^User id \d+ may not read or write \/f: /],
    ['ENOTDIR', /^\/f goes through something that is no folder: correct the path\.$/],
    ['ENOSPC', /^There is no room left on the disk of \/f: make some, and run the command again\.$/],
    ['EDQUOT', /^There is no room left on the disk of \/f: /],
    ['EROFS', /^\/f is on a file system that is mounted read-only: choose another place\.$/],
  ])('what %s of a file means and what to do', (code, sentence) => {
    expect(errorSentence(Object.assign(new Error(`${code}: open '/f'`), { code, path: '/f' }))).toMatch(sentence);
  });

  it('its own sentence otherwise', () => {
    expect(errorSentence(new Error('Say --reason.'))).toBe('Say --reason.');
    expect(errorSentence('x')).toMatch(/gave no reason\. .* report it/);
  });
});
