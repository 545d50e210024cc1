import type { Command } from 'commander';
import { caCommand } from './ca.ts';
import { csrCommand } from './csr.ts';
import { devCommand } from './dev.ts';
import { enrollCommand } from './enroll.ts';
import { findCommand } from './find.ts';
import { migrateCommand } from './migrate.ts';
import { tokenServiceCommand } from './token-service.ts';

/** The commands that people run, beside the parts that serve. */
export function addTools(program: Command): void {
  program
    .addCommand(devCommand())
    .addCommand(migrateCommand())
    .addCommand(caCommand())
    .addCommand(enrollCommand())
    .addCommand(findCommand())
    .addCommand(csrCommand());
  program.addCommand(tokenServiceCommand(), { hidden: true });
}
