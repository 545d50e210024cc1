import type { Catalogue } from './function-catalogue.ts';
import { BODIES_LATER, type FunctionSource } from './function-sources.ts';

/** One sentence for each function or trigger in which the two differ, in both directions. */
export function functionDifferences(migrated: Catalogue, sources: readonly FunctionSource[]): string[] {
  const wanted = allOf(sources);
  return [
    ...[...wanted.values()].flatMap(({ name, definition }) => {
      const made = migrated.get(name);
      if (made === undefined) return [`${name} stands in prisma/functions, and no migration makes it`];
      return made.definition === definition ? [] : [`${name} is another in prisma/functions than the migrations make`];
    }),
    ...[...migrated.keys()]
      .filter((name) => !wanted.has(name))
      .map((name) => `${name} is made by a migration and missing in prisma/functions`),
  ];
}

/**
 * The SQL that brings what the migrations made to what prisma/functions says; undefined when they agree. Whole files are copied, so that
 * a migration says all by itself. What no file defines any more goes; what CREATE OR REPLACE cannot change is dropped first.
 */
export function functionChanges(migrated: Catalogue, sources: readonly FunctionSource[]): string | undefined {
  const wanted = allOf(sources);
  const drops = [...migrated.values()]
    .filter(({ name, interface: fixed }) => wanted.get(name)?.interface !== fixed)
    .map(({ drop }) => drop);
  const copies = sources
    .filter(({ defines }) => [...defines.values()].some(({ name, definition }) => migrated.get(name)?.definition !== definition))
    .map(({ sql }) => sql.trimEnd());
  if (drops.length + copies.length === 0) return undefined;
  return `${[`${HEADING}\n${BODIES_LATER}`, ...drops, ...copies].join('\n\n')}\n`;
}

const HEADING =
  '-- Functions and triggers: copies of prisma/functions, changed there ------------------------------------------------------';

function allOf(sources: readonly FunctionSource[]): Catalogue {
  return new Map(sources.flatMap(({ defines }) => [...defines]));
}
