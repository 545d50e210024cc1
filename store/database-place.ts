import { type DatabaseTrouble, troubleOf } from './database-trouble.ts';

/** Where a connection URL leads; nothing of it is secret. */
interface Place {
  user: string;
  /** Host and port. */
  server: string;
  database: string;
}

/**
 * One sentence about trouble with the database behind this URL, for readiness, log and commands: what, where, what to do. Undefined when
 * the error is something else. Never holds the password.
 */
export function troubleSentence(error: unknown, url: string): string | undefined {
  const trouble = troubleOf(error);
  return trouble === undefined ? undefined : sentence(trouble, placeOf(url));
}

/** Trouble with the database behind this URL as an error with such a sentence; anything else as it came. */
export function explained(error: unknown, url: string): unknown {
  const said = troubleSentence(error, url);
  return said === undefined ? error : new Error(said, { cause: error });
}

function sentence({ kind, code, sqlState }: DatabaseTrouble, { user, server, database }: Place): string {
  const codes = [code, sqlState].filter((one, place, all) => one !== undefined && all.indexOf(one) === place).join(', ');
  const said = codes === '' ? '' : ` (${codes})`;
  switch (kind) {
    case 'password-refused':
      return `password refused for user ${user} at ${server}${said}: correct the database URL, or the password of the role`;
    case 'login-refused':
      return `login of user ${user} to database ${database} at ${server} refused${said}: see pg_hba.conf and the rights of the role`;
    case 'no-database':
      return `no database ${database} at ${server}${said}: create it and run cs migrate, or correct the database URL`;
    case 'read-only':
      return `the database ${database} at ${server} is read-only${said}: a standby, or default_transaction_read_only is on`;
    case 'tls':
      return `no TLS connection with ${server}${said}: see sslmode and sslrootcert of the database URL, and the certificate of the server`;
    case 'unreachable':
      return `no connection to ${server}${said}: is PostgreSQL running there, and is the address of the database URL right?`;
    case 'at-limit':
      return `${server} is at a limit, of connections, space or time${said}: see its log`;
    case 'connection-lost':
      return `connections to ${server} are lost${said}: it restarts, or something on the way ends them`;
  }
}

function placeOf(url: string): Place {
  try {
    const { username, hostname, port, pathname, searchParams } = new URL(url);
    return {
      user: decodeURIComponent(username),
      server: `${searchParams.get('host') ?? decodeURIComponent(hostname)}:${port || '5432'}`,
      database: decodeURIComponent(pathname.slice(1)),
    };
  } catch {
    return { user: 'unknown', server: 'an address that cannot be read', database: 'unknown' };
  }
}
