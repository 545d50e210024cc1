import type { Connection } from '@temporalio/client';

/** Another text means another cluster or namespace: an empty one knows no run. Rejects while Temporal is away. */
export async function clusterIdentity({ workflowService }: Connection, namespace: string): Promise<string> {
  const [cluster, described] = await Promise.all([workflowService.getClusterInfo({}), workflowService.describeNamespace({ namespace })]);
  return `${cluster.clusterId}/${described.namespaceInfo?.id ?? ''}`;
}
