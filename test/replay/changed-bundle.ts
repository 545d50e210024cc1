import { cpSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { FAILURE_CONVERTER_PATH } from '../../temporal/data-converter.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** One edit of a file of workflows/: `from` must be there, once. */
export interface Edit {
  file: string;
  from: string;
  to: string;
}

/** Path of a bundle of workflows/ as somebody might change it: a copy of the sources with some edits. */
export async function changedBundle(...edits: Edit[]): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'cs-changed-'));
  for (const room of ['workflows', 'contract']) cpSync(join(ROOT, room), join(folder, room), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  for (const edit of edits) apply(folder, edit);
  const { code } = await bundleWorkflowCode({
    workflowsPath: join(folder, 'workflows', 'index.ts'),
    failureConverterPath: FAILURE_CONVERTER_PATH,
    logger: new DefaultLogger('ERROR'),
  });
  const path = join(folder, 'workflows.cjs');
  writeFileSync(path, code);
  return path;
}

function apply(folder: string, { file, from, to }: Edit): void {
  const path = join(folder, 'workflows', file);
  const text = readFileSync(path, 'utf8');
  if (text.split(from).length !== 2) throw new Error(`${file} does not say once: ${from}`);
  writeFileSync(path, text.replace(from, to));
}
