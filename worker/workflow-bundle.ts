import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, type WorkflowBundle } from '@temporalio/worker';
import { FAILURE_CONVERTER_PATH } from '../temporal/data-converter.ts';

const ENTRY = fileURLToPath(new URL(`../workflows/index.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`, import.meta.url));

/** Bundles the workflows as they run in the sandbox: a few seconds, so that production does it once, at build time. */
export function bundleWorkflows(): Promise<WorkflowBundle & { code: string }> {
  return bundleWorkflowCode({ workflowsPath: ENTRY, failureConverterPath: FAILURE_CONVERTER_PATH, logger: SILENT });
}

const nothing = (): void => undefined;
const SILENT = { log: nothing, trace: nothing, debug: nothing, info: nothing, warn: nothing, error: nothing };
