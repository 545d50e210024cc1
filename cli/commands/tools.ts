import type { Command } from 'commander';
import { auditCommand } from './audit.ts';
import { caCommand } from './ca.ts';
import { csrCommand } from './csr.ts';
import { devCommand } from './dev.ts';
import { enrollCommand } from './enroll.ts';
import { enrollmentCommand } from './enrollment.ts';
import { findCommand } from './find.ts';
import { keysCommand } from './keys.ts';
import { migrateCommand } from './migrate.ts';
import { operatorCommand } from './operator.ts';
import { timelineCommand } from './timeline.ts';
import { tokenServiceCommand } from './token-service.ts';

/** The commands that people run, beside the parts that serve. */
export function addTools(program: Command): void {
  program
    .addCommand(devCommand())
    .addCommand(migrateCommand())
    .addCommand(caCommand())
    .addCommand(enrollCommand())
    .addCommand(findCommand())
    .addCommand(csrCommand())
    .addCommand(keysCommand())
    .addCommand(operatorCommand())
    .addCommand(enrollmentCommand())
    .addCommand(timelineCommand())
    .addCommand(auditCommand());
  program.addCommand(tokenServiceCommand(), { hidden: true });
}
