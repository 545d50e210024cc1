import { visibleText } from './visible-text.ts';

const ASKED = ['device', 'user', 'serial', 'enrollment'] as const;

/** What `cs find` says when it found nothing, with what was asked. An answer and no failure: exit code 0, as ADR 63 says. */
export function nothingFits(options: Readonly<Partial<Record<(typeof ASKED)[number], string>>>): string {
  const asked = ASKED.flatMap((name) => {
    const value = options[name];
    return value === undefined ? [] : [`--${name} ${visibleText(value)}`];
  });
  return `Nothing fits ${asked.join(' ')}. All of it must fit, ids as the Token Service sent them; what ended long ago is removed (docs/data.md).`;
}
