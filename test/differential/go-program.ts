import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder } from '../../cli/dev/cache-folder.ts';

/** A program of this folder, built with Go's standard library alone and without a network into the cache; undefined when there is no Go. */
export function goProgram(folder: string): string | undefined {
  const program = join(cacheFolder(), 'differential', folder);
  try {
    mkdirSync(join(program, '..'), { recursive: true });
    execFileSync('go', ['build', '-o', program, '.'], {
      cwd: join(import.meta.dirname, folder),
      env: { ...process.env, GOFLAGS: '-mod=mod', GOPROXY: 'off' },
      stdio: 'pipe',
    });
    return program;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
