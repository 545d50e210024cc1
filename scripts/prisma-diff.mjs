#!/usr/bin/env node
// node scripts/prisma-diff.mjs NAME: writes prisma/migrations/<time>_NAME/migration.sql with what schema.prisma and prisma/functions have and the migrations lack.
// What Prisma’s schema cannot say (CHECKs, partial indexes) is added to that file by hand; functions and triggers come from prisma/functions.
import { register } from 'tsx/esm/api';

register();
const { writeMigration } = await import('./write-migration.ts');
const [name] = process.argv.slice(2);
if (name === undefined || !/^[a-z0-9_]+$/.test(name)) {
  process.stderr.write('Say what changes: node scripts/prisma-diff.mjs add_device_index   (a-z, 0-9, _)\n');
  process.exit(1);
}
const written = await writeMigration(name);
process.stdout.write(written === undefined ? 'The migrations already make today’s schema and functions.\n' : `${written}\n`);
process.exit(0);
