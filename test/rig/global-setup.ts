import { chmodSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TestProject } from 'vitest/node';
import { ensureLoginRoles, giveToOwner, urlAs } from '../../cli/dev/database-roles.ts';
import { discardData } from '../../cli/dev/discard-data.ts';
import { findTemporal } from '../../cli/dev/find-temporal.ts';
import { freePort } from '../../cli/dev/free-ports.ts';
import { startPostgres } from '../../cli/dev/postgres.ts';
import { startTemporal } from '../../cli/dev/temporal-server.ts';
import { applyMigrations } from '../../store/migrate.ts';
import { bundleWorkflows } from '../../worker/workflow-bundle.ts';
import { type Provided, ROLE_PASSWORD } from './provided.ts';

/** Every database of a test is a clone of this one: migrations run once. */
export const TEMPLATE = 'cs_template';

const PRISMA_FOLDER = fileURLToPath(new URL('../../prisma', import.meta.url));

/** One PostgreSQL, one Temporal and one workflow bundle for all test files of a run; everything is in a temporary folder that is deleted. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = mkdtempSync(join(tmpdir(), 'cs-test-'));
  chmodSync(folder, 0o711);
  const endings: Array<() => Promise<void>> = [];
  const teardown = async () => {
    for (const end of endings.toReversed()) await end();
    discardData(folder);
  };
  try {
    const [postgresUrl, temporalAddress, workflowBundle] = await Promise.all([
      database(folder, endings),
      temporal(folder, endings),
      bundle(folder),
    ]);
    project.provide('rig', { postgresUrl, temporalAddress, workflowBundle });
    return teardown;
  } catch (error) {
    await teardown();
    throw error;
  }
}

async function database(folder: string, endings: Array<() => Promise<void>>): Promise<string> {
  // Speed for durability: what a test needs of a crash it kills itself, the machine stays up.
  const settings = ['fsync=off', 'synchronous_commit=off', 'full_page_writes=off'];
  const postgres = await startPostgres({ folder: join(folder, 'postgres'), port: await freePort(), password: 'test', settings });
  endings.push(() => postgres.stop());
  await postgres.ensureDatabase(TEMPLATE);
  await ensureLoginRoles(postgres.url('postgres'), () => ROLE_PASSWORD);
  await giveToOwner(postgres.url(TEMPLATE));
  await applyMigrations(urlAs(postgres.url(TEMPLATE), 'cs_owner', ROLE_PASSWORD), PRISMA_FOLDER);
  return postgres.url('postgres');
}

async function temporal(folder: string, endings: Array<() => Promise<void>>): Promise<string> {
  const source = await findTemporal({ say: (sentence) => process.stderr.write(`${sentence}\n`) });
  if (source.kind === 'address') return source.address;
  const server = await startTemporal({ program: source.path, port: await freePort(), logFile: join(folder, 'temporal.log') });
  endings.push(() => server.stop());
  return server.address;
}

/** A fault in the workflows must not stop the tests that need none. */
async function bundle(folder: string): Promise<Provided['workflowBundle']> {
  try {
    const { code } = await bundleWorkflows();
    const path = join(folder, 'workflows.cjs');
    writeFileSync(path, code);
    return { path };
  } catch (error) {
    return { fault: error instanceof Error ? error.message : String(error) };
  }
}
