import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';

export const ROOT = join(import.meta.dirname, '..', '..');
const NOT_OURS = new Set(['node_modules', 'dist', 'data', 'generated', 'coverage']);

/** Paths of all our TypeScript and JavaScript files below a folder, from the root of the project, with `/`. */
export function sourceFiles(folder = ''): string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
    if (entry.isDirectory()) return entry.name.startsWith('.') || NOT_OURS.has(entry.name) ? [] : sourceFiles(path);
    return /\.(ts|mjs)$/.test(entry.name) ? [path] : [];
  });
}

/** The text without comments, so that a word in a comment is no code; strings that hold `//` keep what precedes it. */
export function codeOf(path: string): string {
  const text = readFileSync(join(ROOT, path), 'utf8');
  return text.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/(^|\s)\/\/.*$/gm, '$1');
}

export interface Import {
  readonly from: string;
  /** A path from the root of the project, or the name of a package. */
  readonly to: string;
  readonly ours: boolean;
  /** Erased before anything runs: `import type`, or nothing but `type` names. */
  readonly typeOnly: boolean;
}

const STATIC = /^(?:import|export)\s+(type\s+)?([^;'"]*?)\s*from\s*['"]([^'"]+)['"]/gm;
const BARE = /^import\s+['"]([^'"]+)['"]/gm;
const DYNAMIC = /\bimport\(\s*['"]([^'"]+)['"]/g;

export function importsOf(path: string): Import[] {
  const code = codeOf(path);
  return [
    ...[...code.matchAll(STATIC)].map(([, type, names = '', target = '']) =>
      toImport(path, target, type !== undefined || onlyTypes(names)),
    ),
    ...[...code.matchAll(BARE), ...code.matchAll(DYNAMIC)].map(([, target = '']) => toImport(path, target, false)),
  ];
}

function onlyTypes(names: string): boolean {
  const listed = /^\{([\s\S]*)\}$/.exec(names.trim())?.[1];
  return (
    listed !== undefined &&
    listed
      .split(',')
      .filter((name) => name.trim() !== '')
      .every((name) => /^\s*type\s/.test(name))
  );
}

function toImport(from: string, target: string, typeOnly: boolean): Import {
  const ours = target.startsWith('.');
  return { from, to: ours ? normalize(join(dirname(from), target)).replaceAll('\\', '/') : target, ours, typeOnly };
}
