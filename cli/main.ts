import { Command } from 'commander';
import { caCommand } from './commands/ca.ts';
import { devCommand } from './commands/dev.ts';
import { enrollCommand } from './commands/enroll.ts';
import { findCommand } from './commands/find.ts';
import { migrateCommand } from './commands/migrate.ts';
import { partCommands } from './commands/parts.ts';
import { tokenServiceCommand } from './commands/token-service.ts';

const program = new Command('cs')
  .description('Certificate Service: client certificates for the devices of a mobile app, one durable Temporal workflow per enrollment.')
  .showHelpAfterError('(cs <command> --help shows what a command takes)')
  .addHelpText(
    'after',
    '\nStart here:\n  $ cs dev          everything on this machine, and one device enrolled before your eyes\n  $ cs enroll       enroll one more device against it\n  $ cs find --device d-1\n',
  );

program.addCommand(devCommand());
for (const command of partCommands()) program.addCommand(command);
program.addCommand(migrateCommand()).addCommand(caCommand()).addCommand(enrollCommand()).addCommand(findCommand());
program.addCommand(tokenServiceCommand(), { hidden: true });

try {
  await program.parseAsync();
} catch (error) {
  process.stderr.write(`cs: ${error instanceof Error ? error.message : 'failed'}\n`);
  process.exitCode = 1;
}
