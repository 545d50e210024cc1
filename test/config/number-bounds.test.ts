import { describe, expect, test } from 'vitest';
import type { Field } from '../../config/fields.ts';
import { numberIn } from '../../scripts/number-bounds.ts';
import { fieldsOf, processNames } from './process-environment.ts';

const SETTINGS = [...new Map(processNames().flatMap((name) => fieldsOf(name).map((field) => [field.env, field] as const))).values()];
const NUMBERS = SETTINGS.flatMap((field) => {
  const number = numberIn(field.schema);
  return number === undefined ? [] : [[field.env, field, number] as const];
});
const RATES = SETTINGS.filter(({ env }) => env.startsWith('CS_RATE_') && env !== 'CS_RATE_LIMITS');

test('the settings of this test are those whose default or name says number', () => {
  const byDefault = SETTINGS.filter(({ schema }) => typeof schema.safeParse(undefined).data === 'number').map(({ env }) => env);
  const byName = SETTINGS.map(({ env }) => env).filter((env) => /_(SECONDS|DAYS|PORT|DIGITS|KIB|MAX_[A-Z_]+)$/.test(env));
  const found = NUMBERS.map(([env]) => env);
  expect([...new Set([...byDefault, ...byName])].filter((env) => !found.includes(env))).toEqual([]);
  expect(found.length).toBeGreaterThan(40);
  expect(RATES.length).toBeGreaterThan(4);
});

describe.each(NUMBERS)('%s', (_env, { schema }, { minValue, maxValue }) => {
  const takes = (text: string) => schema.safeParse(text).success;
  const [least, most] = [Number(minValue), Number(maxValue)];

  test('has bounds that a setting can meet, with its default inside', () => {
    expect(least).toBeGreaterThanOrEqual(0);
    // 30 days in seconds: the longest wait of an enrollment, and no setting is larger.
    expect(most).toBeLessThanOrEqual(30 * 86_400);
    expect([takes(String(least)), takes(String(most))]).toEqual([true, true]);
    const preset: unknown = schema.safeParse(undefined).data;
    expect(preset === undefined || takes(JSON.stringify(preset))).toBe(true);
  });

  test('refuses what is out of them, and says the bound', () => {
    expect(reasonOf(schema, String(most + 1))).toBe(`must be at most ${most}`);
    if (least > 0) expect(reasonOf(schema, String(least - 1))).toBe(`must be at least ${least}`);
  });

  test.each(['-1', '1.5', '0x10', '1e3', 'ten', ' 7', '7 ', '9999999999', 'Infinity', 'true'])('refuses %j', (text) => {
    expect(takes(text)).toBe(false);
  });
});

describe.each(RATES.map((field) => [field.env, field] as const))('%s', (_env, { schema }) => {
  test('is no limit when it lets everything through or never ends', () => {
    for (const text of ['9999999/1', '10001/1', '100/3601', '100/99999']) expect(schema.safeParse(text).success, text).toBe(false);
    for (const text of ['1/1', '1000/1', '60000/60', '100/3600']) expect(schema.safeParse(text).success, text).toBe(true);
  });
});

function reasonOf(schema: Field['schema'], text: string): string | undefined {
  return schema.safeParse(text).error?.issues[0]?.message;
}
