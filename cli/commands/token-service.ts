import { Command } from 'commander';
import { runProcess } from '../../process/run-process.ts';
import { startTokenService } from '../dev/token-service.ts';

interface Options {
  port: string;
  jwkFile: string;
  audience: string;
  apiUrl: string;
  apiCaFile: string;
}

/** Hidden: `cs dev` starts it as a process of its own. */
export function tokenServiceCommand(): Command {
  return new Command('dev-token-service')
    .description('stand-in for the Token Service, for development only')
    .requiredOption('--port <port>')
    .requiredOption('--jwk-file <file>')
    .requiredOption('--audience <audience>')
    .requiredOption('--api-url <url>')
    .requiredOption('--api-ca-file <file>')
    .action((options: Options) =>
      runProcess(
        'token-service',
        () => startTokenService({ ...options, port: Number(options.port) }),
        () => undefined,
      ),
    );
}
