import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findTemporal } from '../../cli/dev/find-temporal.ts';
import { freePort } from '../../cli/dev/free-ports.ts';
import type { Lifeline } from '../../cli/dev/lifeline.ts';
import { startServiceProcess } from '../../cli/dev/service-process.ts';
import { enrollmentWorkflowId, toEnrollmentId } from '../../contract/ids.ts';
import { until } from '../rig/enrollment-runs.ts';
import { type RunningStack, runningStack } from './running-stack.ts';

const DEPLOYMENT = 'certificate-service';
const release = (CS_WORKER_BUILD_ID: string) => ({
  CS_WORKER_DEPLOYMENT_NAME: DEPLOYMENT,
  CS_WORKER_BUILD_ID,
  CS_WORKER_VERSIONING: 'pinned',
});

/* The commands of docs/deployment.md, against the processes that they are meant for. */
describe('worker versioning, switched on by configuration alone', () => {
  let stack: RunningStack;
  const second: Lifeline[] = [];
  beforeAll(async () => {
    stack = await runningStack(release('0.2.0'));
  }, 300_000);
  afterAll(async () => {
    await Promise.all(second.map((line) => line.stop()));
  });

  it('the first version plays once it is current; a second one takes a ramp, becomes current, and is rolled back', async () => {
    await deployment('set-current-version', '--build-id', '0.2.0');
    expect(await playedBy()).toBe('0.2.0');
    await deploySecond();
    expect(await playedBy()).toBe('0.2.0');
    await deployment('set-ramping-version', '--build-id', '0.3.0', '--percentage', '100');
    expect(await playedBy()).toBe('0.3.0');
    await deployment('set-current-version', '--build-id', '0.3.0');
    expect(await playedBy()).toBe('0.3.0');
    await deployment('set-current-version', '--build-id', '0.2.0');
    expect(await playedBy()).toBe('0.2.0');
  }, 240_000);

  /** Enrolls a device, and tells which version its run belongs to. */
  async function playedBy(): Promise<string | undefined> {
    const { enrollmentId } = await stack.enroll();
    const { raw, status } = await stack.temporal.workflow.getHandle(enrollmentWorkflowId(toEnrollmentId(enrollmentId))).describe();
    expect(status.name).toBe('COMPLETED');
    return raw.workflowExecutionInfo?.versioningInfo?.deploymentVersion?.buildId ?? undefined;
  }

  async function deploySecond(): Promise<void> {
    for (const part of ['worker', 'issuer'] as const) {
      const port = { [`CS_${part.toUpperCase()}_HEALTH_PORT`]: String(await freePort()) };
      const env = { ...stack.dev.environments[part], ...port, ...release('0.3.0') };
      second.push(startServiceProcess([part], join(stack.dataFolder, 'logs', `${part}-0.3.0.log`), env));
    }
  }

  /** The server knows a version when its workers have polled. */
  async function deployment(command: string, ...options: string[]): Promise<void> {
    const program = await findTemporal({ offline: true });
    if (program.kind !== 'program') throw new Error('the Temporal command is needed');
    const { address } = stack.dev.temporal;
    const args = ['worker', 'deployment', command, '--deployment-name', DEPLOYMENT, ...options, '--yes', '--address', address];
    const told = () => promisify(execFile)(program.path, args);
    await until(
      () =>
        told().then(
          () => true,
          () => false,
        ),
      command,
      20,
    );
  }
});
