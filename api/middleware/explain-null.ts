import type { z } from 'zod';

type Issue = z.core.$ZodIssue;

/** Where a fault stands; an unknown member is named itself. */
export function placeOf(issue: Issue): readonly PropertyKey[] {
  return issue.code === 'unrecognized_keys' ? [...issue.path, issue.keys[0] ?? ''] : issue.path;
}

/**
 * What to do about the first fault when it is a member that is null, as models write what is unset; undefined when it is another one.
 * Optional is what the schema does not miss.
 */
export function explainNull(schema: z.ZodType, body: unknown, { issues: [first] }: z.ZodError): string | undefined {
  const path = first === undefined ? [] : placeOf(first);
  if (path.length === 0 || valueAt(body, path) !== null) return undefined;
  const again = schema.safeParse(without(body, path)).error?.issues ?? [];
  const missed = again.some((issue) => placeOf(issue).join('\n') === path.join('\n'));
  return missed ? 'is null: a value is needed.' : 'is null: leave it out.';
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((inside, name) => (isObject(inside) ? Reflect.get(inside, name) : undefined), value);
}

/** A copy without the member at the path. */
function without(value: unknown, [name, ...deeper]: readonly PropertyKey[]): unknown {
  if (!isObject(value)) return value;
  const entries = Object.entries(value).filter(([key]) => deeper.length > 0 || key !== name);
  return Object.fromEntries(entries.map(([key, inside]) => [key, key === name ? without(inside, deeper) : inside]));
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
