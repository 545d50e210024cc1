// Packages of an image: exactly those of the lock file, by their hashes, and no install script runs. None is needed: native packages carry
// their binaries, and that these load here is tried at once. There is no other way: a lock file that `npm ci` refuses ends the build.
import { spawnSync } from 'node:child_process';

/** Packages with a binary for this platform; the scripts of the rest would download engines, print notices or count installations. */
const NATIVE = ['argon2', '@node-rs/argon2', '@temporalio/worker'];

run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', ...process.argv.slice(2)]);
run(process.execPath, ['--input-type=module', '--eval', 'for (const name of process.argv.slice(1)) await import(name);', ...NATIVE]);

function run(command, args) {
  const { status } = spawnSync(command, args, { stdio: 'inherit' });
  if (status !== 0) process.exit(1);
}
