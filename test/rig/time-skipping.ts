import type { WorkflowClientInterceptor } from '@temporalio/client';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll } from 'vitest';
import { findTimeSkippingServer } from '../../cli/dev/time-skipping-server.ts';
import type { KeyRing } from '../../core/key-ring.ts';
import { dataConverter } from '../../temporal/data-converter.ts';
import './quiet-runtime.ts';
import { TEST_CODEC_KEYS } from './test-keys.ts';

/**
 * A Temporal server whose clock jumps to the next timer while a result is awaited, with the test codec. One a test file, because the
 * clock is one for all workflows of a server; ended after the file's tests.
 */
export async function timeSkippingTemporal(
  options: { keys?: KeyRing; interceptor?: WorkflowClientInterceptor } = {},
): Promise<TestWorkflowEnvironment> {
  const { path } = await findTimeSkippingServer();
  process.env['JDK_JAVA_OPTIONS'] ??= QUICK_START;
  const environment = await patiently(() =>
    TestWorkflowEnvironment.createTimeSkipping({
      server: { executable: { type: 'existing-path', path } },
      client: {
        dataConverter: dataConverter(options.keys ?? TEST_CODEC_KEYS),
        interceptors: { workflow: options.interceptor === undefined ? [] : [options.interceptor] },
      },
    }),
  );
  afterAll(() => environment.teardown());
  return environment;
}

/** No optimising compiler and no parallel collector: half the work at start. */
const QUICK_START = '-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Xshare:auto';

/** The SDK gives this server five seconds to start; on a busy machine a Java process needs more. */
async function patiently<Started>(start: () => Promise<Started>): Promise<Started> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await start();
    } catch (error) {
      if (attempt === 8) throw error;
    }
  }
}
