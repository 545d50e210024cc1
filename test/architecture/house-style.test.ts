import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { expect, test } from 'vitest';
import { ROOT, sourceFiles } from './source-files.ts';

const EMPTY_NAMES = /(^|[-./])(utils?|helpers?|common|misc|managers?|shared)([-./]|$)/;
const KEBAB = /^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+)*\.(ts|mjs)$/;
const MOST_LINES = 300;
/** A story test is long where its table is; these two ask every time whether two ideas met. */
const MOST_TEST_LINES = 500;
const MOST_FUNCTION_LINES = 45;
const MEDIAN_FUNCTION_LINES = 10;

const files = sourceFiles();
const isTest = (path: string) => path.startsWith('test/');
const linesOf = (path: string) => readFileSync(join(ROOT, path), 'utf8').split('\n').length - 1;

test('files and folders are named for what they do', () => {
  expect(files.filter((path) => EMPTY_NAMES.test(path))).toEqual([]);
});

test('file names are in kebab-case', () => {
  expect(files.filter((path) => !KEBAB.test(basename(path)))).toEqual([]);
});

test(`files have at most ${MOST_LINES} lines, tests ${MOST_TEST_LINES}`, () => {
  const tooLong = files
    .map((path) => ({ path, lines: linesOf(path) }))
    .filter(({ path, lines }) => lines > (isTest(path) ? MOST_TEST_LINES : MOST_LINES));
  expect(tooLong).toEqual([]);
});

test(`functions have at most ${MOST_FUNCTION_LINES} lines, half of them at most ${MEDIAN_FUNCTION_LINES}`, () => {
  const functions = files.filter((path) => !isTest(path)).flatMap(topLevelFunctions);
  const lengths = functions.map(({ lines }) => lines).toSorted((a, b) => a - b);
  expect(lengths.length).toBeGreaterThan(500);
  expect(functions.filter(({ lines }) => lines > MOST_FUNCTION_LINES)).toEqual([]);
  expect(lengths[Math.floor(lengths.length / 2)]).toBeLessThanOrEqual(MEDIAN_FUNCTION_LINES);
});

test('nothing of this machine and no registry is named in a file of ours', () => {
  const named = files.filter((path) => /\/(?:root|home)\/[a-z]+\/|registry\.npmjs\.org/.test(readFileSync(join(ROOT, path), 'utf8')));
  expect(named.filter((path) => path !== 'test/architecture/house-style.test.ts')).toEqual([]);
});

/** The formatter puts the closing brace of a top-level function alone at the margin. */
function topLevelFunctions(path: string): Array<{ name: string; lines: number }> {
  const lines = readFileSync(join(ROOT, path), 'utf8').split('\n');
  return lines.flatMap((line, start) => {
    const name = /^(?:export )?(?:default )?(?:async )?function\*? (\w+)/.exec(line)?.[1];
    return name === undefined ? [] : [{ name: `${path} ${name}`, lines: lines.indexOf('}', start) - start + 1 }];
  });
}
