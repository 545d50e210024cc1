// Packages of an image, exactly as the lock file says. `npm ci` comes first; it refuses a lock file that was written where the packages of
// other platforms were not to be had (EUSAGE), and only then `npm install` takes the locked versions without those.
import { spawnSync } from 'node:child_process';

const options = ['--no-audit', '--no-fund', ...process.argv.slice(2)];
const strict = spawnSync('npm', ['ci', ...options], { encoding: 'utf8' });
process.stderr.write(strict.stderr ?? '');
if (strict.status !== 0 && !strict.stderr.includes('EUSAGE')) process.exit(1);
if (strict.status !== 0) {
  const { status } = spawnSync('npm', ['install', '--no-save', ...options], { stdio: 'inherit' });
  process.exit(status ?? 1);
}
