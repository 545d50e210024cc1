import { inject } from 'vitest';
import './provided.ts';

/** Path of the bundle of workflows/, built once a run: `workflowBundle: { codePath: workflowBundlePath() }`. Throws when it could not be built. */
export function workflowBundlePath(): string {
  const { workflowBundle } = inject('rig');
  if ('fault' in workflowBundle) throw new Error(`workflows/ could not be bundled: ${workflowBundle.fault}`);
  return workflowBundle.path;
}
