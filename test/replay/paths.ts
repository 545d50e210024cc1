import type { WorkflowHandle } from '@temporalio/client';
import { pathsByHand } from './paths-by-hand.ts';
import { pathsToAnEnd } from './paths-to-an-end.ts';
import { pathsToCompletion } from './paths-to-completion.ts';
import type { PathWorld } from './world-of-paths.ts';

/** Plays one path of an enrollment and gives the run whose history shows it, closed. */
export type PlayPath = (world: PathWorld) => Promise<WorkflowHandle>;

/** Every end state and path of the workflow by name; a release records each once (CONTRIBUTING: a release). */
export const PATHS: Readonly<Record<string, PlayPath>> = { ...pathsToCompletion, ...pathsToAnEnd, ...pathsByHand };
