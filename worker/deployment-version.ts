import type { WorkerOptions } from '@temporalio/worker';

export interface VersioningSettings {
  workerDeploymentName: string | undefined;
  workerBuildId: string | undefined;
  workerVersioning: 'auto-upgrade' | 'pinned';
}

/**
 * Temporal's worker versioning, off unless a deployment is named (ADR 35). Both workers of a release carry the same name and build id: a
 * pinned run then issues with the release that it waits in. Source: docs.temporal.io/worker-versioning
 */
export function deploymentVersion(settings: VersioningSettings): Pick<WorkerOptions, 'workerDeploymentOptions'> {
  const { workerDeploymentName: deploymentName, workerBuildId: buildId, workerVersioning } = settings;
  if (deploymentName === undefined || buildId === undefined) return {};
  return {
    workerDeploymentOptions: {
      version: { deploymentName, buildId },
      useWorkerVersioning: true,
      defaultVersioningBehavior: workerVersioning === 'pinned' ? 'PINNED' : 'AUTO_UPGRADE',
    },
  };
}
