import { expect, test } from 'vitest';
import { type Import, importsOf, sourceFiles } from './source-files.ts';

/** In the rooms not even types go round; a test stand may name the types of what it is used by. */
const counts = ({ from, ours, typeOnly }: Import) => ours && !(typeOnly && from.startsWith('test/'));

test('no file imports itself, by whatever way round', () => {
  const graph = new Map(
    sourceFiles().map((path) => [
      path,
      importsOf(path)
        .filter(counts)
        .map(({ to }) => to),
    ]),
  );
  expect(findCycles(graph)).toEqual([]);
});

test('a cycle of three is found and named', () => {
  const graph = new Map([
    ['a', ['b', 'd']],
    ['b', ['c']],
    ['c', ['a']],
    ['d', []],
  ]);
  expect(findCycles(graph)).toEqual(['a → b → c → a']);
});

/** Depth first; a file on the present path that is met again closes a cycle. */
function findCycles(graph: ReadonlyMap<string, readonly string[]>): string[] {
  const done = new Set<string>();
  const cycles: string[] = [];
  const visit = (file: string, path: readonly string[]): void => {
    if (path.includes(file)) cycles.push([...path.slice(path.indexOf(file)), file].join(' → '));
    if (done.has(file) || path.includes(file)) return;
    for (const next of graph.get(file) ?? []) visit(next, [...path, file]);
    done.add(file);
  };
  for (const file of graph.keys()) visit(file, []);
  return cycles;
}
