import type { WorkflowHandle } from '@temporalio/client';
import type { OpenState } from '../../contract/states.ts';
import type { StageLimits } from '../../contract/temporal.ts';
import { resetPin } from '../../store/reset-pin.ts';
import { type EnrollmentRuns, enrollmentRuns, type Run, stands } from '../rig/enrollment-runs.ts';
import { submit } from '../rig/test-device.ts';
import type { PlayPath } from './paths.ts';
import { endBehindItsBack, type PathWorld, sweepAway } from './world-of-paths.ts';

const STAGES = ['awaiting-pin', 'awaiting-csr', 'issuing', 'awaiting-ack'] as const satisfies readonly OpenState[];
type Cancel = [stage: OpenState, by: 'device' | 'token-service' | 'operator'];
const CANCELS: Cancel[] = [
  ['awaiting-pin', 'device'],
  ['awaiting-csr', 'token-service'],
  ['issuing', 'device'],
  ['awaiting-ack', 'operator'],
];

export const pathsToAnEnd: Record<string, PlayPath> = {
  ...each(STAGES, (stage) => [`expired-in-${stage}`, (paths) => expired(paths, stage)]),
  ...each(CANCELS, ([stage, by]) => [`cancelled-in-${stage}`, (paths) => cancelled(paths, stage, by)]),
  'cancelled-superseded': (paths) => behindItsBack(paths, 'cancelled', 'superseded', 'awaiting-csr'),
  'cancelled-pin-reset': async (paths) => {
    const run = await paths.runs.bring('awaiting-ack');
    await resetPin(paths.world.db, { userId: run.device.userId, actor: 'operator:test' });
    await run.handle.signal('rowChanged');
    return closed(run);
  },
  'failed-pin-attempts-exceeded': (paths) => behindItsBack(paths, 'failed', 'pin_attempts_exceeded', 'awaiting-pin'),
  'locked-pin-locked': (paths) => behindItsBack(paths, 'locked', 'pin_locked', 'awaiting-pin'),
  'failed-csr-attempts-exceeded': async ({ runs, world }) => {
    const run = await runs.bring('awaiting-csr');
    for (const csrText of ['AA', 'BB', 'CC', 'DD', 'EE'])
      await run.handle.executeUpdate('submitCsr', { args: [{ digest: (await submit(world.db, run.id, { csrText })).digest }] });
    return closed(run);
  },
  'failed-issuing-refused': async (paths) => {
    const { world } = paths;
    const certificates = { ...world.issuanceDeps.certificates, organization: 'O'.repeat(200) };
    return failedToIssue(paths, { ...world.issuanceDeps, certificates });
  },
  'failed-issuer-unavailable': (paths) => failedToIssue(paths, { ...paths.world.issuanceDeps, signers: new Map() }),
  ...each(STAGES, (stage) => [`expired-swept-in-${stage}`, (paths) => swept(paths, stage)]),
};

function each<Item>(items: readonly Item[], entry: (item: Item) => [string, PlayPath]): Record<string, PlayPath> {
  return Object.fromEntries(items.map(entry));
}

async function closed({ handle }: Run): Promise<WorkflowHandle> {
  await handle.result();
  return handle;
}

function inStage({ runs, stuck }: PathWorld, stage: OpenState, limits?: StageLimits): Promise<Run> {
  return (stage === 'issuing' ? stuck : runs).bring(stage, limits);
}

/** The stage in question is the short one. */
async function expired(paths: PathWorld, stage: OpenState): Promise<WorkflowHandle> {
  const seconds = (of: OpenState) => (of === stage ? 2 : 600);
  const whole = stage === 'issuing' ? 5 : 3_600;
  const limits = { pinSeconds: seconds('awaiting-pin'), csrSeconds: seconds('awaiting-csr'), ackSeconds: seconds('awaiting-ack') };
  return closed(await inStage(paths, stage, { ...limits, wholeSeconds: whole }));
}

async function cancelled(paths: PathWorld, stage: OpenState, by: string): Promise<WorkflowHandle> {
  const run = await inStage(paths, stage);
  await run.handle.executeUpdate('cancel', { args: [{ by }] });
  return closed(run);
}

async function behindItsBack(paths: PathWorld, state: 'cancelled' | 'failed' | 'locked', code: string, stage: OpenState) {
  const run = await inStage(paths, stage);
  await endBehindItsBack(paths, run, state, code);
  await run.handle.signal('pinLocked');
  return closed(run);
}

async function failedToIssue(paths: PathWorld, deps: Parameters<EnrollmentRuns['startIssuance']>[0]): Promise<WorkflowHandle> {
  const { world, server } = paths;
  const broken = await enrollmentRuns(world, { ...server, issuance: 'away' });
  const run = await broken.bring('issuing');
  await broken.startIssuance(deps);
  return closed(run);
}

/** The run learns of it with the next message; in `issuing` a signal does not wake it, an update does. */
async function swept(paths: PathWorld, stage: OpenState): Promise<WorkflowHandle> {
  const run = await inStage(paths, stage);
  await stands(run.handle, stage);
  await sweepAway(paths, run, stage);
  if (stage === 'issuing') await run.handle.executeUpdate('cancel');
  else await run.handle.signal('pinLocked');
  return closed(run);
}
