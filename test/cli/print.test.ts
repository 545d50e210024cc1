import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { complain, printJson, printText } from '../../cli/print.ts';
import { ROOT, sourceFiles } from '../architecture/source-files.ts';

const HOSTILE = '\u001b]0;owned\u0007\u009b2J\u007f\u202e\u2028\u{e0041}';

afterEach(() => void vi.restoreAllMocks());

function printed(by: 'log' | 'error', print: () => void): string {
  const said: string[] = [];
  vi.spyOn(console, by).mockImplementation((line: string) => void said.push(line));
  print();
  return said.join('');
}

describe('what the command prints', () => {
  test.each([
    ['log', printText],
    ['error', complain],
  ] as const)('to %s keeps lines and words, and no character that a terminal obeys', (by, print) => {
    expect(printed(by, () => print(`one\n\ttwo Zoë → ${HOSTILE}`))).toBe(
      'one\n\ttwo Zoë → \\u{1b}]0;owned\\u{7}\\u{9b}2J\\u{7f}\\u{202e}\\u{2028}\\u{e0041}',
    );
  });

  test('as JSON says the same to a parser, and holds no such character', () => {
    const text = printed('log', () => printJson({ reason: HOSTILE, list: [1] }));
    expect(text).not.toMatch(/[^\P{Cc}\n]|[\p{Cf}\p{Zl}\p{Zp}]/u);
    expect(JSON.parse(text)).toEqual({ reason: HOSTILE, list: [1] });
  });

  test('goes through one place: nothing below cli/ writes to the terminal by itself', () => {
    const writes = sourceFiles().filter((path) => path.startsWith('cli/') && path !== 'cli/print.ts');
    const direct = writes.filter((path) => /console\.|process\.(stdout|stderr)\.write/.test(readFileSync(join(ROOT, path), 'utf8')));
    expect(direct).toEqual([]);
  });
});
