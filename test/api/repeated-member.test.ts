import { expect, test } from 'vitest';
import { findRepeatedMember } from '../../api/middleware/repeated-member.ts';

test.each([
  ['at the top', '{"a":1,"b":2,"a":3}', 'a'],
  ['with equal values', '{"a":1,"a":1}', 'a'],
  ['deeper', '{"x":[{"y":{"k":1,"k":2}}]}', 'k'],
  ['after a nested object', '{"a":{"b":1},"a":{}}', 'a'],
  ['written with an escape', '{"a":1,"\\u0061":2}', 'a'],
  ['with white space around', '{ "a" : 1 ,\n "a"\t: 2 }', 'a'],
  ['that is the empty name', '{"":1,"":2}', ''],
  ['named __proto__', '{"__proto__":1,"__proto__":2}', '__proto__'],
])('a member that comes twice is found %s', (_where, json, name) => {
  JSON.parse(json);
  expect(findRepeatedMember(json)).toBe(name);
});

test.each([
  ['the same name in two objects', '[{"a":1},{"a":2}]'],
  ['the same name at two depths', '{"a":{"a":{"a":1}}}'],
  ['a value that equals a name', '{"a":"a","b":["a","a"]}'],
  ['braces, quotes and commas inside text', '{"a":"{\\"a\\":1,","b":",\\\\","c":"}"}'],
  ['a bare value', '"a"'],
  ['an empty object', '{}'],
])('%s is no repetition', (_what, json) => {
  JSON.parse(json);
  expect(findRepeatedMember(json)).toBeUndefined();
});

test('nesting of any depth costs no stack', () => {
  const depth = 30_000;
  expect(findRepeatedMember('['.repeat(depth) + ']'.repeat(depth))).toBeUndefined();
  expect(findRepeatedMember(`${'{"a":'.repeat(depth)}{"b":1,"b":2}${'}'.repeat(depth)}`)).toBe('b');
});
