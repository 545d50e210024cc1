import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleWorkflows } from '../../worker/workflow-bundle.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
/** Everything that ends up in the bundle, and what decides how it is made. */
const SOURCES = ['workflows', 'contract', 'temporal'];

/** The workflow bundle of this source, made once: bundling takes seconds, a second start should not. */
export async function ensureWorkflowBundle(dataFolder: string): Promise<string> {
  const folder = join(dataFolder, 'workflow-bundles');
  const path = join(folder, `${fingerprint()}.js`);
  if (existsSync(path)) return path;
  mkdirSync(folder, { recursive: true });
  const { code } = await bundleWorkflows();
  writeFileSync(`${path}.partial`, code);
  renameSync(`${path}.partial`, path);
  return path;
}

function fingerprint(): string {
  const hash = createHash('sha256').update(readFileSync(join(ROOT, 'package-lock.json')));
  for (const folder of SOURCES) {
    for (const file of readdirSync(join(ROOT, folder)).toSorted()) hash.update(file).update(readFileSync(join(ROOT, folder, file)));
  }
  return hash.digest('hex').slice(0, 24);
}
