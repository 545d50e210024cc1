import { Command } from 'commander';
import { PART_NAMES, partCommands } from './commands/parts.ts';
import { errorSentence } from './error-sentence.ts';
import { complain } from './print.ts';

const program = new Command('cs')
  .description('Certificate Service: client certificates for the devices of a mobile app, one durable Temporal workflow per enrollment.')
  .showHelpAfterError('(cs <command> --help shows what a command takes)')
  .addHelpText(
    'after',
    '\nStart here:\n  $ cs dev          everything on this machine, and one device enrolled before your eyes\n  $ cs enroll       enroll one more device against it\n  $ cs find --device d-1\n',
  );

for (const command of partCommands()) program.addCommand(command);
// A part that serves must not carry the weight of the tools (the SDK, the development stack); nor must `csr`, which is run by hand in a loop.
if (process.argv[2] === 'csr') {
  const { csrCommand } = await import('./commands/csr.ts');
  program.addCommand(csrCommand());
} else if (!PART_NAMES.includes(process.argv[2] ?? '')) {
  const { addTools } = await import('./commands/tools.ts');
  addTools(program);
}

try {
  await program.parseAsync();
} catch (error) {
  complain(`cs: ${errorSentence(error)}`);
  process.exitCode = 1;
}
