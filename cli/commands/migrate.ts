import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { loadConfig } from '../../config/load-config.ts';
import { refuseDebugging } from '../../process/refuse-debugging.ts';
import { applyMigrations } from '../../store/migrate.ts';
import { complain, printJson, printText } from '../print.ts';

/** The folder with schema and migrations; the build copies it into dist, so that it stands in the same place. */
export const PRISMA_FOLDER = fileURLToPath(new URL('../../prisma', import.meta.url));

export function migrateCommand(): Command {
  return new Command('migrate')
    .description('apply the migrations that the database has not seen, then give each role its rights')
    .option('--json', 'print the names of what was applied as JSON')
    .addHelpText(
      'after',
      '\nReads CS_DATABASE_URL_FILE (the URL of the owner of the tables). May be repeated.\n\n  $ CS_DATABASE_URL_FILE=/run/secrets/owner-url cs migrate\n',
    )
    .action(async ({ json }: { json?: boolean }) => {
      const { databaseUrl, environment } = loadConfig('migrate', process.env);
      refuseDebugging('migrate', environment === 'production', process.env);
      const applied = await applyMigrations(databaseUrl, PRISMA_FOLDER, {
        onProgress: (sentence) => complain(sentence),
      });
      if (json === true) printJson({ applied });
      else printText(applied.length === 0 ? 'The database is up to date.' : `Applied: ${applied.join(', ')}`);
      process.exit(0); // the schema engine keeps its connection
    });
}
