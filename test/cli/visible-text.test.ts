import { expect, test } from 'vitest';
import { visibleText } from '../../cli/visible-text.ts';

test.each([
  ['a line of its own', 'x\n2026-01-01 ■ certificates.revoke', 'x\\u{a}2026-01-01 ■ certificates.revoke'],
  ['a command for the terminal', '\u001b[2Jx', '\\u{1b}[2Jx'],
  ['text turned around', 'a\u202eb', 'a\\u{202e}b'],
  ['ordinary words', 'deadline_pin → expired (sweeper)', 'deadline_pin → expired (sweeper)'],
])('%s stays in its line', (_what, text, shown) => {
  expect(visibleText(text)).toBe(shown);
});

test('what is very long is cut', () => {
  expect(visibleText('x'.repeat(1_000))).toHaveLength(301);
});
