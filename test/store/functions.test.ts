import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Catalogue, dropFunctions, readFunctions } from '../../scripts/function-catalogue.ts';
import { functionChanges, functionDifferences } from '../../scripts/function-changes.ts';
import { type FunctionSource, loadFunctions } from '../../scripts/function-sources.ts';
import { lockDevice, lockUser } from '../../store/locks.ts';
import { freshDatabase } from '../rig/fresh-database.ts';

const FOLDER = fileURLToPath(new URL('../../prisma/functions', import.meta.url));

const database = await freshDatabase();
const scratch = new pg.Client({ connectionString: database.url });
let migrated: Catalogue;
let sources: FunctionSource[];

/** The tables that the migrations made, and of functions and triggers what a folder defines. */
async function loaded(folder: string): Promise<FunctionSource[]> {
  await dropFunctions(scratch);
  return loadFunctions(scratch, folder);
}

/** A copy of prisma/functions with other files; undefined: left out. */
function folderWith(changes: Readonly<Record<string, string | undefined>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'functions-'));
  const files = Object.fromEntries(readdirSync(FOLDER).map((name) => [name, readFileSync(join(FOLDER, name), 'utf8')]));
  for (const [name, text] of Object.entries({ ...files, ...changes })) if (text !== undefined) writeFileSync(join(folder, name), text);
  return folder;
}

const source = (name: string) => readFileSync(join(FOLDER, name), 'utf8');

beforeAll(async () => {
  await scratch.connect();
  migrated = await readFunctions(scratch);
  sources = await loaded(FOLDER);
});
afterAll(() => scratch.end());

describe('prisma/functions', () => {
  it('is what the migrations make, function by function and trigger by trigger, and a next migration would copy nothing', () => {
    expect(functionDifferences(migrated, sources)).toEqual([]);
    expect(functionChanges(migrated, sources)).toBeUndefined();
  });

  it('has one function a file, which is named after it', () => {
    for (const { file, defines } of sources) {
      const functions = [...defines.keys()].filter((name) => name.startsWith('function '));
      expect(functions, file).toHaveLength(1);
      const [, name = ''] = /^function (\w+)\(/.exec(functions[0] ?? '') ?? [];
      expect(file.startsWith(name.replaceAll('_', '-')), `${file} defines ${name}`).toBe(true);
    }
  });

  it('writes every function with the owner’s rights so that it is copied whole: the copy alone makes the same again', async () => {
    await dropFunctions(scratch);
    await scratch.query(functionChanges(new Map(), sources) ?? '');
    expect(functionDifferences(await readFunctions(scratch), sources)).toEqual([]);
  });
});

describe('a difference between the folder and the migrations', () => {
  it('is named, whether a body, a trigger, a new function or one that is gone differs', async () => {
    const other = await loaded(
      folderWith({
        'keep-blocked.sql': source('keep-blocked.sql').replace('is not rewritten', 'stays'),
        'guard-intent.sql': source('guard-intent.sql').replace(/CREATE OR REPLACE TRIGGER[^;]*;/, ''),
        'new-one.sql': 'CREATE OR REPLACE FUNCTION new_one() RETURNS integer LANGUAGE sql AS $$ SELECT 1 $$;\n',
        'audit-floor.sql': undefined,
        'audit-keep.sql': source('audit-keep.sql').replaceAll('audit_floor()', '0'),
        'audit-drop.sql': undefined,
      }),
    );
    expect(functionDifferences(migrated, other).toSorted()).toEqual([
      'function audit_drop(bigint,text,text) is made by a migration and missing in prisma/functions',
      'function audit_floor() is made by a migration and missing in prisma/functions',
      'function audit_keep() is another in prisma/functions than the migrations make',
      'function keep_blocked() is another in prisma/functions than the migrations make',
      'function new_one() stands in prisma/functions, and no migration makes it',
      'trigger credential_intent_guard on credential_intent is made by a migration and missing in prisma/functions',
    ]);
  });

  it('is what the next migration brings: bodies and triggers replaced, removed ones dropped, a changed signature in place of the old', async () => {
    const other = await loaded(
      folderWith({
        'keep-blocked.sql': source('keep-blocked.sql').replace('BEFORE UPDATE', 'BEFORE UPDATE OR DELETE'),
        'guard-intent.sql': undefined,
        'audit-chain.sql': source('audit-chain.sql').replace(' RETURN NULL;', ' RETURN NEW;'),
        // Other arguments, another result, other names of arguments: CREATE OR REPLACE alone would leave or refuse them.
        'jws-kid.sql': source('jws-kid.sql').replace('jws_kid(jws text)', 'jws_kid(jws text, more integer)'),
        'audit-floor.sql': source('audit-floor.sql').replace('RETURNS bigint', 'RETURNS numeric'),
        'audit-field.sql': source('audit-field.sql').replaceAll('value', 'given'),
      }),
    );
    await loaded(FOLDER);
    await scratch.query(functionChanges(migrated, other) ?? '');
    expect(functionDifferences(await readFunctions(scratch), other)).toEqual([]);
  });

  it('cannot hide: a body that PostgreSQL refuses and a second definition are refused with the name of the file', async () => {
    await expect(
      loaded(folderWith({ 'audit-floor.sql': source('audit-floor.sql').replace('dropped_at', 'no_such_column') })),
    ).rejects.toThrow(/prisma\/functions\/audit-floor\.sql: column "no_such_column" does not exist/);
    await expect(loaded(folderWith({ 'z-again.sql': source('keep-blocked.sql').replace('is not rewritten', 'stays') }))).rejects.toThrow(
      /prisma\/functions\/z-again\.sql defines function keep_blocked\(\), which another file defines/,
    );
  });
});

describe('the locks of the store', () => {
  const held = async (work: (tx: Parameters<typeof lockUser>[0]) => Promise<void>) =>
    locks.asRole('cs_api').$transaction(async (tx) => {
      await work(tx);
      return locks.db.$queryRaw`
        SELECT classid::text, mode FROM pg_locks WHERE locktype = 'advisory' AND classid BETWEEN 7305210 AND 7305211
          AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) ORDER BY 1`;
    });
  let locks: Awaited<ReturnType<typeof freshDatabase>>;
  beforeAll(async () => {
    locks = await freshDatabase();
  });

  it('are held by the transaction that called them, each in its class, and go with it', async () => {
    const both = async (tx: Parameters<typeof lockUser>[0]) => {
      await lockUser(tx, 'user-1', 'shared');
      await lockDevice(tx, { clientId: 'client', userId: 'user-1', deviceId: 'device-1' });
    };
    expect(await held(both)).toEqual([
      { classid: '7305210', mode: 'ShareLock' },
      { classid: '7305211', mode: 'ExclusiveLock' },
    ]);
    expect(await held((tx) => lockUser(tx, 'user-1', 'exclusive'))).toEqual([{ classid: '7305210', mode: 'ExclusiveLock' }]);
    expect(await held(async () => undefined)).toEqual([]);
  });
});
