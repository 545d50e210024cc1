import type { WorkerOptions } from '@temporalio/worker';

/** What every worker of enrollment workflows is, whatever it is configured with. */
export const ENROLLMENT_WORKER = {
  /** The short steps are local activities of our own workflows. As regular ones anybody who reaches Temporal could schedule them (ADR 42). */
  enableNonLocalActivities: false,
  /** The default of 10 s would delay every open enrollment that long after a killed worker (measured). */
  stickyQueueScheduleToStartTimeout: '3 s',
  /** Above the longest local activity: what runs is finished before the process ends. */
  shutdownGraceTime: '25 s',
} as const satisfies Partial<WorkerOptions>;
