import { describe, expect, test } from 'vitest';
import { jsonExcess } from '../../api/middleware/json-bounds.ts';

const nested = (depth: number, open = '[', close = ']') => `${open.repeat(depth)}${close.repeat(depth)}`;

describe('within bounds', () => {
  test.each([
    ['an object of ours', '{"a":{"b":[1,2,3]}}'],
    ['16 levels', nested(16)],
    ['brackets in a string', JSON.stringify('['.repeat(100))],
    ['brackets after an escaped quote', JSON.stringify(`"${'['.repeat(100)}`)],
    ['commas in a string', JSON.stringify(','.repeat(1_000))],
    ['a string without an end', `"${'['.repeat(100)}`],
    ['a backslash at the end', '"\\'],
    ['nothing', ''],
  ])('%s', (_what, text) => expect(jsonExcess(text)).toBeUndefined());
});

describe('beyond', () => {
  test.each([
    ['17 levels of arrays', nested(17)],
    ['17 levels of objects', `${'{"a":'.repeat(17)}1${'}'.repeat(17)}`],
    ['17 levels that never close', '['.repeat(17)],
    ['300 members', JSON.stringify(Object.fromEntries(Array.from({ length: 300 }, (_x, n) => [`m${n}`, n])))],
    ['30,000 elements', `[${'1,'.repeat(29_999)}1]`],
  ])('%s', (_what, text) => expect(jsonExcess(text)).toMatch(/^The body (is nested deeper|holds more) than/));
});
