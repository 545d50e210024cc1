import { Command } from 'commander';
import type { Logger } from 'pino';
import type { ProcessName } from '../../config/fields.ts';
import { ConfigError, loadConfig } from '../../config/load-config.ts';
import { createLogger } from '../../process/logger.ts';
import { refuseDebugging } from '../../process/refuse-debugging.ts';
import { type Running, runProcess } from '../../process/run-process.ts';
import { listenFault } from '../../process/start-fault.ts';

const CONFIGURED =
  '\nConfigured by environment variables: docs/configuration.md lists them. Stops on SIGTERM or Ctrl-C when its work is done.\n';

export const PART_NAMES = ['api', 'worker', 'issuer', 'codec'];

/** The parts of the service, one process each. Each loads its own code only: the API has no use for a worker's native core. */
export function partCommands(): Command[] {
  return [
    part('api', 'HTTPS API for token service and devices, and the plain-HTTP CRL and CA files', async (log) => {
      const { startApi } = await import('../../api/start-api.ts');
      return startApi(loadConfig('api', process.env), log);
    }),
    part('worker', 'enrollment worker: workflows, short steps, sweeper', async (log) => {
      await logTemporal(log);
      const { startEnrollmentWorker } = await import('../../worker/enrollment-worker.ts');
      return startEnrollmentWorker(loadConfig('worker', process.env), log);
    }),
    part('issuer', 'issuance worker: the only process with CA keys; issues and signs CRLs', async (log) => {
      await logTemporal(log);
      const { startIssuanceWorker } = await import('../../worker/issuance-worker.ts');
      return startIssuanceWorker(loadConfig('issuer', process.env), log);
    }),
    part('codec', 'codec server: makes encrypted payloads readable in the Temporal UI', async (log) => {
      const { startCodec } = await import('../../temporal/start-codec.ts');
      return startCodec(loadConfig('codec', process.env), log);
    }),
  ];
}

async function logTemporal(log: Logger): Promise<void> {
  const { installTemporalRuntime } = await import('../../worker/temporal-runtime.ts');
  installTemporalRuntime(log);
}

function part(name: ProcessName, description: string, start: (log: Logger) => Promise<Running>): Command {
  return new Command(name)
    .description(description)
    .addHelpText('after', CONFIGURED)
    .action(() => {
      let log: Logger | undefined;
      const begin = async (): Promise<Running> => {
        // The configuration speaks first: its faults are sentences for people, not log lines.
        const config = loadConfig(name, process.env);
        refuseDebugging(name, config.environment === 'production', process.env);
        await refuseWrongLogins(name, config);
        log = createLogger(name, config.logLevel);
        return start(log).catch((error: unknown) => {
          const fault = listenFault(name, config, error);
          throw fault === undefined ? error : new ConfigError(`${name} cannot start:\n  - ${fault}.`);
        });
      };
      return runProcess(name, begin, () => log);
    });
}

async function refuseWrongLogins(name: ProcessName, config: Readonly<Record<string, unknown>>): Promise<void> {
  const { wrongLogins } = await import('./wrong-logins.ts');
  const faults = await wrongLogins(name, config);
  if (faults.length > 0) throw new ConfigError(`${name} cannot start:\n${faults.map((fault) => `  - ${fault}`).join('\n')}`);
}
