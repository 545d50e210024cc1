import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder } from '../../cli/dev/cache-folder.ts';

/** The last version that the Go module proxy has; its sum is the one of sum.golang.org. */
const MODULE = 'github.com/google/wycheproof@v0.0.0-20191219022705-2196000605e4';
const SUM = 'h1:/jhsqtCSTRK25HsqYePIHeLbPIDBwVOANhQmWRdgsyA=';
const TIMEOUT_MS = 120_000;

export interface VectorGroup {
  keyDer: string;
  sha: string;
  tests: { tcId: number; comment: string; msg: string; sig: string; result: 'valid' | 'acceptable' | 'invalid'; flags: string[] }[];
}

export interface Wycheproof {
  groups(file: string): VectorGroup[];
}

/** The public vectors, fetched once into the cache folder; or why they could not be had. */
export function wycheproof(): Wycheproof | { missing: string } {
  try {
    const folder = fetched();
    return {
      groups(file) {
        const { testGroups }: { testGroups: VectorGroup[] } = JSON.parse(readFileSync(join(folder, 'testvectors', file), 'utf8'));
        return testGroups;
      },
    };
  } catch (error) {
    const noGo = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    return { missing: noGo ? 'there is no Go on this machine' : 'the Go module proxy did not give them' };
  }
}

function fetched(): string {
  const env = { ...process.env, GOMODCACHE: join(cacheFolder(), 'go-modules'), GOFLAGS: '-mod=mod -modcacherw' };
  const said = execFileSync('go', ['mod', 'download', '-json', MODULE], { cwd: cacheFolder(), env, timeout: TIMEOUT_MS, stdio: 'pipe' });
  const { Dir, Sum }: { Dir: string; Sum: string } = JSON.parse(said.toString());
  if (Sum !== SUM) throw new Error('the vectors are not the ones that were meant');
  return Dir;
}
