import type { Connection } from '@temporalio/client';

/** A process that stops must not wait for a server that is away. */
const ANSWER_MS = 3_000;

/** Another text means another cluster or namespace: an empty one knows no run. Rejects while Temporal is away. */
export async function clusterIdentity(connection: Connection, namespace: string): Promise<string> {
  const { workflowService } = connection;
  return connection.withDeadline(Date.now() + ANSWER_MS, async () => {
    // One after the other: a call that nobody awaits any more would be tried again on a connection that was closed meanwhile.
    const cluster = await workflowService.getClusterInfo({});
    const described = await workflowService.describeNamespace({ namespace });
    return `${cluster.clusterId}/${described.namespaceInfo?.id ?? ''}`;
  });
}
