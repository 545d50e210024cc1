import { describe, expect, test } from 'vitest';
import { parseView } from '../../sdk/https/parse-answers.ts';

describe('a view', () => {
  test('whose optional members are null says the same as one without them', () => {
    const view = { state: 'issuing', next: 'credentials' };
    expect(parseView({ ...view, code: null, pinParams: null, pinPolicy: null, challenge: null })).toEqual(parseView(view));
  });

  test('whose state is null is none', () => {
    expect(() => parseView({ state: null, next: 'wait' })).toThrow(expect.objectContaining({ code: 'unexpected_answer' }));
  });
});
