import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const LIBRARIES = ['/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1', '/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1'];
const SHIFTED = fileURLToPath(new URL('shifted-clock.mjs', import.meta.url));

/** Settings under which a process believes that it is so many seconds later: the whole process by libfaketime, else its JavaScript. */
export function wrongClock(seconds: number): Record<string, string> {
  const library = LIBRARIES.find((path) => existsSync(path));
  if (library === undefined) return { NODE_OPTIONS: `--import=${SHIFTED}`, SHIFT_MS: String(seconds * 1_000) };
  const sign = seconds < 0 ? '' : '+';
  return { LD_PRELOAD: library, FAKETIME: `${sign}${seconds}s`, FAKETIME_DONT_FAKE_MONOTONIC: '1' };
}
