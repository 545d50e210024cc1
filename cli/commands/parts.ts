import { Command } from 'commander';
import type { Logger } from 'pino';
import { startApi } from '../../api/start-api.ts';
import type { ProcessName } from '../../config/fields.ts';
import { loadConfig } from '../../config/load-config.ts';
import { createLogger } from '../../process/logger.ts';
import { type Running, runProcess } from '../../process/run-process.ts';
import { startCodec } from '../../temporal/start-codec.ts';
import { startEnrollmentWorker } from '../../worker/enrollment-worker.ts';
import { startIssuanceWorker } from '../../worker/issuance-worker.ts';
import { installTemporalRuntime } from '../../worker/temporal-runtime.ts';

const CONFIGURED =
  '\nConfigured by environment variables: docs/configuration.md lists them. Stops on SIGTERM or Ctrl-C when its work is done.\n';

/** The parts of the service, one process each. */
export function partCommands(): Command[] {
  return [
    part('api', 'api', 'HTTPS API for token service and devices, and the plain-HTTP CRL and CA files', (log) =>
      startApi(loadConfig('api', process.env), log),
    ),
    part('worker', 'worker', 'enrollment worker: workflows, short steps, sweeper', (log) =>
      startEnrollmentWorker(loadConfig('worker', process.env), log),
    ),
    part('issuer', 'issuer', 'issuance worker: the only process with CA keys; issues and signs CRLs', (log) =>
      startIssuanceWorker(loadConfig('issuer', process.env), log),
    ),
    part('codec', 'codec', 'codec server: makes encrypted payloads readable in the Temporal UI', (log) =>
      startCodec(loadConfig('codec', process.env), log),
    ),
  ];
}

function part(name: string, configuration: ProcessName, description: string, start: (log: Logger) => Promise<Running>): Command {
  return new Command(name)
    .description(description)
    .addHelpText('after', CONFIGURED)
    .action(() => {
      let log: Logger | undefined;
      const begin = async (): Promise<Running> => {
        // The configuration speaks first: its faults are sentences for people, not log lines.
        const { logLevel } = loadConfig(configuration, process.env);
        log = createLogger(name, logLevel);
        if (name !== 'codec') installTemporalRuntime(log);
        return start(log);
      };
      return runProcess(name, begin, () => log);
    });
}
