import { ActivityFailure, proxyActivities, TimeoutFailure } from '@temporalio/workflow';

/** A workflow of somebody else on the same server: asks the queue of the service for one of its short steps. */
export async function intrude({ taskQueue, input }: { taskQueue: string; input: object }): Promise<string> {
  const { endEnrollment } = proxyActivities<{ endEnrollment(input: object): Promise<unknown> }>({
    taskQueue,
    scheduleToCloseTimeout: '5 s',
  });
  try {
    await endEnrollment(input);
    return 'done';
  } catch (error) {
    const cause = error instanceof ActivityFailure ? error.cause : error;
    return cause instanceof TimeoutFailure ? 'nobody took it' : String(cause);
  }
}
