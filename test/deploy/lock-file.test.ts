import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { read } from './compose.ts';

const REPOSITORY = join(import.meta.dirname, '..', '..');
const lock = z.object({
  packages: z.record(
    z.string(),
    z.looseObject({
      version: z.string().optional(),
      integrity: z.string().optional(),
      resolved: z.string().optional(),
      dev: z.boolean().default(false),
      hasInstallScript: z.boolean().default(false),
    }),
  ),
});
const PACKAGES = Object.entries(lock.parse(JSON.parse(read('package-lock.json'))).packages).filter(([path]) => path !== '');

describe('the lock file', () => {
  it('has a hash for every package, of other platforms too', () => {
    expect(PACKAGES.length).toBeGreaterThan(400);
    expect(PACKAGES.filter(([, { integrity }]) => !/^sha512-[A-Za-z0-9+/]{86}==$/.test(integrity ?? '')).map(([path]) => path)).toEqual([]);
  });

  it('names no address of a registry', () => {
    expect(PACKAGES.filter(([, { resolved }]) => resolved !== undefined)).toEqual([]);
  });

  it('has no package in production whose install script nobody looked at', () => {
    const withScript = PACKAGES.filter(([, { hasInstallScript, dev }]) => hasInstallScript && !dev).map(([path]) => path);
    // Download of engines, count of installations, a look for a prebuilt binary, a look for one, download of engines, a notice.
    expect(withScript.map((path) => path.replace('node_modules/', '')).toSorted()).toEqual(
      ['@prisma/engines', '@scarf/scarf', '@swc/core', 'argon2', 'prisma', 'protobufjs'].toSorted(),
    );
  });
});

describe('deploy/install-packages.mjs', () => {
  const folder = mkdtempSync(join(tmpdir(), 'cs-npm-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  /** A program `npm` that notes how it was called and ends as told. */
  const withNpm = (code: number) => {
    const calls = join(folder, `calls-${code}`);
    writeFileSync(join(folder, 'npm'), `#!/bin/sh\necho "$*" >>'${calls}'\nexit ${code}\n`, { mode: 0o755 });
    const env = { ...process.env, PATH: `${folder}:${process.env['PATH']}` };
    const { status } = spawnSync(process.execPath, ['deploy/install-packages.mjs', '--omit=dev'], { cwd: REPOSITORY, env });
    return { status, calls: readFileSync(calls, 'utf8').trim().split('\n') };
  };

  it('installs by the lock file alone, without scripts, and then loads what has binaries', () => {
    expect(withNpm(0)).toEqual({ status: 0, calls: ['ci --ignore-scripts --no-audit --no-fund --omit=dev'] });
  });

  it('tries nothing else when npm refuses the lock file', () => {
    expect(withNpm(1)).toEqual({ status: 1, calls: ['ci --ignore-scripts --no-audit --no-fund --omit=dev'] });
  });
});
