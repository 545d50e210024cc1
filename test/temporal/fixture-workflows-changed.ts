import { sleep } from '@temporalio/workflow';

/** Like listen of fixture-workflows.ts after somebody changed it without `patched`. */
export async function listen(): Promise<unknown[]> {
  await sleep('1 minute');
  return [];
}
