import pg from 'pg';
import { inject } from 'vitest';

/** Nobody can connect to the database, and whoever was connected is thrown out. */
export async function withoutDatabase(url: string, work: () => Promise<unknown>): Promise<void> {
  const name = new URL(url).pathname.slice(1);
  const administrator = new pg.Client({ connectionString: inject('rig').postgresUrl });
  await administrator.connect();
  try {
    await administrator.query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS false`);
    await administrator.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [name]);
    await work();
  } finally {
    await administrator.query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS true`);
    await administrator.end();
  }
}
