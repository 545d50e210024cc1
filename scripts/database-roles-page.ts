import { DATABASE_ROLES, type DatabaseRole, FUNCTION_GRANTS, type Grant, TABLE_GRANTS } from '../store/grants.ts';
import { LOGIN_ACTORS, type LoginActor } from '../store/login-actors.ts';

const WHO: Readonly<Record<DatabaseRole, string>> = {
  cs_api: '`cs api`',
  cs_worker: '`cs worker`, all but its sweeper and its retention loop',
  cs_issuer: '`cs issuer`',
  cs_sweeper: 'the sweeper, a loop in `cs worker` with a connection of its own',
  cs_retention: 'the retention loop in `cs worker`, with a connection of its own: one function that judges age itself, and no table',
  cs_operator:
    'people, with `cs find`, `cs keys`, `cs enrollment show`, `cs audit` (all but `drop`) and `cs timeline verify`: reads all but PIN hashes, sealed keys and counters of rate limits, blocks keys, asks for signed timelines',
};

/** The lines of docs/database-roles.md, below its heading. */
export function databaseRolesPage(): string[] {
  return [
    'Each process logs in to PostgreSQL with a role of its own and may do what stands here, by table and column, and nothing else ([ADR 27](adr/0027-least-privilege-in-the-database.md)).',
    'The source is `store/grants.ts`; `cs migrate` applies it after the migrations, in one transaction, as the owner `cs_owner`, which no process uses.',
    '',
    '| role | used by |',
    '| --- | --- |',
    ...DATABASE_ROLES.map((role) => `| \`${role}\` | ${WHO[role]} |`),
    '',
    '## By role',
    ...DATABASE_ROLES.flatMap((role) => ['', `### ${role}`, '', ...ofRole(role)]),
    '',
    '## Functions with the owner’s rights',
    'Callable by name; everybody else, `PUBLIC` included, may call none. Trigger functions have no caller.',
    '',
    '| function | may be called by |',
    '| --- | --- |',
    ...Object.entries(FUNCTION_GRANTS)
      .filter(([, roles]) => roles.length > 0)
      .map(([signature, roles]) => `| \`${signature}\` | ${roles.map((role) => `\`${role}\``).join(', ')} |`),
    '',
    '## Actors',
    'What each login may write as `actor` of an audit row ([ADR 42](adr/0042-each-login-writes-its-own-actors.md)); the database compares its own `session_user`. Triggers besides: `database:<login>`, and `revocation` for a blocked key.',
    '',
    '| login | actors |',
    '| --- | --- |',
    ...DATABASE_ROLES.map((role) => `| \`${role}\` | ${LOGIN_ACTORS[role].map(actorOf).join(', ')} |`),
    '',
    'Nobody but the owner may alter or delete a row of `audit`, `revocation`, `certificate`, `credential_intent`, `key_claim` or `blocked_key` otherwise than by these functions and the columns above.',
  ];
}

function actorOf({ kind, action }: LoginActor): string {
  const name = kind.endsWith(':') ? `\`${kind}<name>\`` : `\`${kind}\``;
  return action === undefined ? name : `${name} (only \`${action}\`)`;
}

function ofRole(role: DatabaseRole): string[] {
  const rows = Object.entries(TABLE_GRANTS).flatMap(([table, grants]) => {
    const grant = grants[role];
    return grant === undefined ? [] : [`| \`${table}\` | ${cells(grant).join(' | ')} |`];
  });
  return ['| table | select | insert | update | delete |', '| --- | --- | --- | --- | --- |', ...rows];
}

function cells({ select, insert, update, delete: mayDelete }: Grant): string[] {
  const names = (columns: readonly string[] | undefined) => columns?.map((name) => `\`${name}\``).join(', ') ?? '–';
  return [select === 'all' ? 'all' : names(select), names(insert), names(update), mayDelete === true ? 'yes' : '–'];
}
