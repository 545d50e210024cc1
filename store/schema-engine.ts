import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { PrismaPg } from '@prisma/adapter-pg';
import { bindMigrationAwareSqlAdapterFactory } from '@prisma/driver-adapter-utils';
import * as bindings from '@prisma/schema-engine-wasm/schema_engine_bg';

/** Prisma's official schema engine as WebAssembly, over the PostgreSQL driver: migrations without a downloaded binary. */
export async function openSchemaEngine(databaseUrl: string, schema: string): Promise<bindings.SchemaEngine> {
  instantiate();
  const adapter = bindMigrationAwareSqlAdapterFactory(new WholeScripts({ connectionString: databaseUrl }));
  return bindings.SchemaEngine.new({ datamodels: [['prisma/schema.prisma', schema]] }, () => undefined, adapter);
}

let instantiated = false;

/** Once a process: the bindings are a module-wide singleton, and a second start panics. */
function instantiate(): void {
  if (instantiated) return;
  const wasm = createRequire(import.meta.url).resolve('@prisma/schema-engine-wasm/schema_engine_bg').replace(/\.js$/, '.wasm');
  const instance = new WebAssembly.Instance(new WebAssembly.Module(readFileSync(wasm)), { './schema_engine_bg.js': bindings });
  bindings.__wbg_set_wasm(instance.exports);
  const { __wbindgen_start: start } = instance.exports;
  if (typeof start === 'function') start();
  instantiated = true;
}

/** The driver splits a script at every semicolon, also inside a function body; PostgreSQL itself takes the whole script. */
class WholeScripts extends PrismaPg {
  override async connect() {
    const adapter = await super.connect();
    adapter.executeScript = async (script) => void (await adapter.underlyingDriver().query(script));
    return adapter;
  }
}
