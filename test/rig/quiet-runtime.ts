import { DefaultLogger, Runtime } from '@temporalio/worker';

// Once a test process, before the first connection: workers otherwise tell every failure that a test provokes.
Runtime.install({
  logger: new DefaultLogger('ERROR'),
  telemetryOptions: { logging: { filter: { core: 'ERROR', other: 'ERROR' } } },
});
