import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findTemporal } from '../../cli/dev/find-temporal.ts';
import { findTimeSkippingServer } from '../../cli/dev/time-skipping-server.ts';

describe('a Temporal server', () => {
  it('of TEMPORAL_ADDRESS goes before everything on this machine', async () => {
    const { onPath, cache } = machine();
    const found = await findTemporal({ env: { TEMPORAL_ADDRESS: 'temporal.test:7233', PATH: onPath, CS_CACHE_DIR: cache }, offline: true });
    expect(found).toMatchObject({ kind: 'address', address: 'temporal.test:7233', words: expect.stringContaining('TEMPORAL_ADDRESS') });
  });

  it('on PATH goes before the one in the cache', async () => {
    const { onPath, cache } = machine();
    const found = await findTemporal({ env: { PATH: `/nowhere:${onPath}`, CS_CACHE_DIR: cache }, offline: true });
    expect(found).toMatchObject({ kind: 'program', path: join(onPath, 'temporal'), words: expect.stringContaining('PATH') });
  });

  it('in the cache is taken when PATH has none, and XDG_CACHE_HOME is respected', async () => {
    const { cacheHome, cache } = machine();
    const found = await findTemporal({ env: { PATH: '/nowhere', XDG_CACHE_HOME: cacheHome }, offline: true });
    expect(found).toMatchObject({ kind: 'program', path: join(cache, 'bin', 'temporal'), words: expect.stringContaining('cache') });
  });

  it('that may not be executed is not taken', async () => {
    const { onPath, cache } = machine({ mode: 0o644 });
    const search = findTemporal({ env: { PATH: onPath, CS_CACHE_DIR: cache }, offline: true });
    await expect(search).rejects.toThrow(/TEMPORAL_ADDRESS.*`temporal`.*Go/);
  });
});

describe('a time-skipping server', () => {
  it('that is neither here nor to be had is explained in a sentence', async () => {
    const search = findTimeSkippingServer({ env: { PATH: '/nowhere', CS_CACHE_DIR: machine().cache }, offline: true });
    await expect(search).rejects.toThrow(/Java.*Maven/);
  });

  it('comes from the cache when Java is there', async () => {
    const { cache, onPath } = machine();
    program(onPath, 'java', 0o755);
    program(join(cache, 'temporal-test-server-1.38.0'), 'temporal-test-server', 0o755);
    const found = await findTimeSkippingServer({ env: { PATH: onPath, CS_CACHE_DIR: cache }, offline: true });
    expect(found.words).toContain('cache');
  });
});

/** A folder on PATH and a cache, each with a `temporal` in it. */
function machine({ mode = 0o755 } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'cs-find-'));
  const cacheHome = join(folder, 'cache-home');
  const cache = join(cacheHome, 'certificate-service');
  const onPath = join(folder, 'on-path');
  program(onPath, 'temporal', mode);
  program(join(cache, 'bin'), 'temporal', mode);
  return { cacheHome, cache, onPath };
}

function program(folder: string, name: string, mode: number): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, name), '#!/bin/sh\n', { mode });
}
