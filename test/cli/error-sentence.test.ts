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
    expect(errorSentence(thrownBy(() => readFileSync(`${file}-not`)))).toBe(`There is no file ${file}-not.`);
    expect(errorSentence(thrownBy(() => writeFileSync(file, '', { flag: 'wx' })))).toBe(`${file} exists already: choose another name.`);
    expect(errorSentence(thrownBy(() => writeFileSync(folder, '')))).toBe(`${folder} is a folder; a file is needed.`);
  });

  it('its own sentence otherwise', () => {
    expect(errorSentence(new Error('Say --reason.'))).toBe('Say --reason.');
    expect(errorSentence('x')).toBe('failed');
  });
});
