import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { read } from './compose.ts';

const REPOSITORY = join(import.meta.dirname, '..', '..');
/** Inside the repository, so that packages are found; not dist/, which may be somebody's real build. */
const OUT = join(REPOSITORY, 'node_modules', '.cache', `build-test-${process.pid}`);
const { dependencies } = z.object({ dependencies: z.record(z.string(), z.string()) }).parse(JSON.parse(read('package.json')));

beforeAll(() => {
  mkdirSync(OUT, { recursive: true });
  writeFileSync(join(OUT, 'package.json'), '{"type":"module"}');
  execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json', '--outDir', OUT], { cwd: REPOSITORY });
});
afterAll(() => rmSync(OUT, { recursive: true, force: true }));

describe('what `npm run build` compiles', () => {
  it('has the files that are started by path: command, key thread, failure converter, workflows', () => {
    const entries = [
      'cli/main.js',
      'core/sdk-key/key-thread.js',
      'temporal/failure-converter.js',
      'workflows/index.js',
      'worker/workflow-bundle.js',
    ];
    expect(entries.filter((entry) => !existsSync(join(OUT, entry)))).toEqual([]);
  });

  it('holds no tests, vectors or benchmarks', () => {
    expect(['test', 'conformance', 'bench', 'scripts'].filter((room) => existsSync(join(OUT, room)))).toEqual([]);
  });

  it('imports packages of production only, so that `npm ci --omit=dev` is enough', () => {
    const files = readdirSync(OUT, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.js'));
    expect(files.length).toBeGreaterThan(100);
    const imported = files.flatMap((file) => packagesOf(readFileSync(join(OUT, file), 'utf8')).map((name) => `${name} in ${file}`));
    expect(imported.filter((line) => dependencies[line.split(' ')[0] ?? ''] === undefined)).toEqual([]);
  });

  it('runs on plain Node, without a TypeScript loader', () => {
    const help = execFileSync(process.execPath, ['cli/main.js', '--help'], { cwd: OUT, encoding: 'utf8', env: {} });
    for (const command of ['api', 'worker', 'issuer', 'codec', 'migrate']) expect(help).toMatch(new RegExp(`^ {2}${command} `, 'm'));
  });

  it('does not pretend to bring up a development stack, which needs a checkout', () => {
    const attempt = () =>
      execFileSync(process.execPath, ['cli/main.js', 'dev', '--data', join(OUT, 'data')], {
        cwd: OUT,
        encoding: 'utf8',
        env: {},
        stdio: 'pipe',
      });
    expect(attempt).toThrow(/needs a checkout/);
    expect(existsSync(join(OUT, 'data'))).toBe(false);
  });
});

/** Names of packages that a module imports statically, without what Node has itself. */
function packagesOf(source: string): string[] {
  const specifiers = [...source.matchAll(/^(?:import|export)\s+(?:[\w$*{}\s,]+?\s+from\s+)?['\x22]([^'\x22]+)['\x22]/gm)].map(
    ([, specifier = '']) => specifier,
  );
  return specifiers
    .filter((name) => !/^(\.|node:)/.test(name))
    .map((name) =>
      name
        .split('/')
        .slice(0, name.startsWith('@') ? 2 : 1)
        .join('/'),
    );
}
