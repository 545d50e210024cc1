import type { Connection } from '@temporalio/client';

/** A process that stops must not wait for a server that is away. */
const ANSWER_MS = 3_000;

/** Another text means another cluster or namespace: an empty one knows no run. Rejects while Temporal is away. */
export async function clusterIdentity(connection: Connection, namespace: string): Promise<string> {
  const { workflowService } = connection;
  return connection.withDeadline(Date.now() + ANSWER_MS, async () => {
    const [cluster, described] = await Promise.all([workflowService.getClusterInfo({}), workflowService.describeNamespace({ namespace })]);
    return `${cluster.clusterId}/${described.namespaceInfo?.id ?? ''}`;
  });
}
