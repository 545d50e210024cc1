import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Evidence } from './evidence-form.ts';
import { EVIDENCE_VIEWS } from './evidence-views.ts';

/** docs/evidence.md from the files that the scripts wrote: nothing in it is typed by hand. */
export function renderEvidence(folder: string): string[] {
  if (!existsSync(folder)) return ['Nothing was measured yet.'];
  const files = readdirSync(folder).filter((name) => name.endsWith('.json'));
  return files.toSorted().flatMap((name) => section(parse(folder, name), name));
}

function parse(folder: string, name: string): Evidence {
  const path = join(folder, name);
  const value: unknown = JSON.parse(readFileSync(path, 'utf8'));
  const view = EVIDENCE_VIEWS[name];
  if (view !== undefined) return view(value);
  if (!isEvidence(value)) throw new Error(`${path} is not what a measuring script writes`);
  return value;
}

function isEvidence(value: unknown): value is Evidence {
  return typeof value === 'object' && value !== null && ['title', 'command', 'at', 'machine', 'facts'].every((member) => member in value);
}

function section({ title, command, at, machine, facts, tables = [], gaps = [] }: Evidence, file: string): string[] {
  return [
    '',
    `## ${title}`,
    '',
    `\`${command}\` on ${at.slice(0, 10)}; ${machine}. Figures: [evidence/${file}](evidence/${file}).`,
    '',
    ...table(
      ['what', 'found', 'wanted'],
      facts.map(({ what, found, wanted = '' }) => [what, found, wanted]),
    ),
    ...tables.flatMap(({ title: name, head, rows }) => ['', `### ${name}`, '', ...table(head, rows)]),
    ...(gaps.length === 0 ? [] : ['', 'Not shown by this:', '', ...gaps.map((gap) => `- ${gap}`)]),
  ];
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', String.raw`\|`).replaceAll('\n', ' ')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)];
}
