import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, NativeConnection, Runtime, Worker, type WorkerOptions } from '@temporalio/worker';
import { RefusalInterceptor } from '../activities/failure.ts';
import { readKeyRing } from '../config/key-ring-file.ts';
import { dataConverter, FAILURE_CONVERTER_PATH } from '../temporal/data-converter.ts';
import { NOOP_QUEUE, NOOP_SECOND_QUEUE, type NoopActivities } from './noop-messages.ts';

/*
 * One worker process of the no-op shape: `first` is what the enrollment worker is to an enrollment, `second` the issuance worker.
 * Codec, interceptor and worker options are those of worker/enrollment-worker.ts and worker/issuance-worker.ts.
 */
const [role, address, namespace, codecKeysFile = ''] = process.argv.slice(2);
if (address === undefined || namespace === undefined) throw new Error('noop-worker <first|second> <address> <namespace> <codec keys file>');

const nothing: NoopActivities = {
  readEnrollment: async () => ({ state: 'awaiting-pin', csrRefusalsLeft: 5 }),
  judgeCsr: async () => ({ state: 'issuing' }),
  finalizeDelivery: async () => ({ state: 'completed' }),
  issueCredentials: async () => ({ state: 'awaiting-ack' }),
};

Runtime.install({ shutdownSignals: ['SIGTERM'], telemetryOptions: { logging: { forward: {}, filter: { core: 'WARN', other: 'WARN' } } } });
const keys = readKeyRing(codecKeysFile);
const connection = await NativeConnection.connect({ address });
const worker = await Worker.create({
  connection,
  namespace,
  dataConverter: dataConverter(keys),
  activities: { ...nothing },
  interceptors: { activity: [() => ({ inbound: new RefusalInterceptor() })] },
  ...(role === 'first' ? await firstOptions() : secondOptions()),
});
await worker.run();
await connection.close();
process.exit();

type RoleOptions = Pick<WorkerOptions, 'taskQueue'> & Partial<WorkerOptions>;

async function firstOptions(): Promise<RoleOptions> {
  const workflowsPath = fileURLToPath(new URL('./noop-workflow.ts', import.meta.url));
  const workflowBundle = await bundleWorkflowCode({ workflowsPath, failureConverterPath: FAILURE_CONVERTER_PATH });
  return { taskQueue: NOOP_QUEUE, workflowBundle, maxCachedWorkflows: 500, stickyQueueScheduleToStartTimeout: '3 s' };
}

function secondOptions(): RoleOptions {
  return { taskQueue: NOOP_SECOND_QUEUE, maxConcurrentActivityTaskExecutions: 16 };
}
