import { DefaultFailureConverter } from '@temporalio/common';

/** Loaded by path, in the worker and inside the workflow bundle: messages and stack traces of failures are encrypted too. */
export const failureConverter = new DefaultFailureConverter({ encodeCommonAttributes: true });
