import { defineConfig } from 'prisma/config';

// `prisma generate` asks for a schema engine that it does not use here; any executable keeps it from downloading one.
process.env['PRISMA_SCHEMA_ENGINE_BINARY'] ??= process.execPath;

export default defineConfig({ schema: 'prisma/schema.prisma', migrations: { path: 'prisma/migrations' } });
