// Entry of the key thread in a checkout. A worker thread does not inherit the TypeScript loader, and registering one costs half a
// second a thread; the few files of the thread are bundled once instead and kept until one of them changes.
import { existsSync, mkdirSync, readdirSync, renameSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const here = dirname(fileURLToPath(import.meta.url));
const folder = join(here, '..', '..', 'node_modules', '.cache', 'key-thread');
const bundle = join(folder, `${newestSource()}.mjs`);
if (!existsSync(bundle)) await bundleThread();
await import(pathToFileURL(bundle).href);

function newestSource() {
  const sources = ['.', '../sealing', '../asn1', '../../contract'].map((name) => join(here, name));
  const times = sources.flatMap((name) => readdirSync(name).map((file) => statSync(join(name, file)).mtimeMs));
  return Math.floor(Math.max(...times));
}

async function bundleThread() {
  mkdirSync(folder, { recursive: true });
  const own = `${bundle}.${process.pid}.${Math.floor(performance.now() * 1_000)}`;
  await build({
    entryPoints: [join(here, 'key-thread.ts')],
    outfile: own,
    bundle: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
    logLevel: 'silent',
  });
  renameSync(own, bundle);
}
