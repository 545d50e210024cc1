import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { PrismaPg } from '@prisma/adapter-pg';
import { bindMigrationAwareSqlAdapterFactory } from '@prisma/driver-adapter-utils';
import * as bindings from '@prisma/schema-engine-wasm/schema_engine_bg';

export interface OpenSchemaEngine {
  readonly engine: bindings.SchemaEngine;
  /** The error with PostgreSQL's own sentence: the engine only names a number under which the driver's error was kept. */
  explain(error: unknown): unknown;
  /** Ends the connections too: an idle one would keep the database from being cloned or dropped for 10 s. */
  close(): Promise<void>;
}

/** Prisma's official schema engine as WebAssembly, over the PostgreSQL driver: migrations without a downloaded binary. */
export async function openSchemaEngine(databaseUrl: string, schema: string): Promise<OpenSchemaEngine> {
  instantiate();
  const scripts = new WholeScripts({ connectionString: databaseUrl });
  const factory = bindMigrationAwareSqlAdapterFactory(scripts);
  const engine = await bindings.SchemaEngine.new({ datamodels: [['prisma/schema.prisma', schema]] }, () => undefined, factory);
  return {
    engine,
    explain: (error) => sayCause(error, (id) => factory.errorRegistry.consumeError(id)?.error),
    close: async () => {
      engine.free();
      await scripts.end();
    },
  };
}

let instantiated = false;

/** Once a process: the bindings are a module-wide singleton, and a second start panics. */
function instantiate(): void {
  if (instantiated) return;
  const wasm = createRequire(import.meta.url)
    .resolve('@prisma/schema-engine-wasm/schema_engine_bg')
    .replace(/\.js$/, '.wasm');
  const instance = new WebAssembly.Instance(new WebAssembly.Module(readFileSync(wasm)), { './schema_engine_bg.js': bindings });
  bindings.__wbg_set_wasm(instance.exports);
  const { __wbindgen_start: start } = instance.exports;
  if (typeof start === 'function') Reflect.apply(start, undefined, []);
  instantiated = true;
}

/** The driver splits a script at every semicolon, also inside a function body; PostgreSQL itself takes the whole script. */
class WholeScripts extends PrismaPg {
  private readonly pools: Array<{ readonly ended: boolean; end(): Promise<void> }> = [];

  override async connect() {
    const adapter = await super.connect();
    const pool = adapter.underlyingDriver();
    adapter.executeScript = async (script) => void (await pool.query(script));
    if ('ended' in pool) this.pools.push(pool);
    return adapter;
  }

  async end(): Promise<void> {
    for (const pool of this.pools) if (!pool.ended) await pool.end();
  }
}

function sayCause(error: unknown, consume: (id: number) => unknown): unknown {
  const [, id] = /External error id#(\d+)/.exec(error instanceof Error ? error.message : '') ?? [];
  const kept = id === undefined ? undefined : consume(Number(id));
  return kept instanceof Error ? new Error(`a migration failed: ${kept.message}`, { cause: kept }) : error;
}
