import { driverSigns } from './driver-signs.ts';

/** What keeps the database from being used. None of it is the caller's fault, and all of it passes or is mended by people. */
export type TroubleKind =
  | 'password-refused'
  | 'login-refused'
  | 'no-database'
  | 'read-only'
  | 'tls'
  | 'unreachable'
  | 'at-limit'
  | 'connection-lost';

/**
 * Trouble with the database as the log may have it: what kind, the class and the codes of the error, and none of its words, which may
 * quote values. Is the `cause` of a `service_unavailable`.
 */
export class DatabaseTrouble extends Error {
  constructor(
    readonly kind: TroubleKind,
    /** Class of the error, as Prisma or the driver names it. */
    override readonly name: string,
    /** Code of Prisma (`P2010`) or of Node (`ECONNRESET`), the SQLSTATE when there is no other. */
    readonly code: string | undefined,
    readonly sqlState: string | undefined,
  ) {
    super(WORDS[kind]);
  }
}

/** What the error says of the database; undefined when it is something else: a fault of ours, a refused row. */
export function troubleOf(error: unknown): DatabaseTrouble | undefined {
  if (error instanceof DatabaseTrouble) return error;
  if (error instanceof Error && error.cause instanceof DatabaseTrouble) return error.cause;
  const { name, codes, kinds, messages } = driverSigns(error);
  const sqlState = codes.find((code) => SQLSTATE.test(code));
  // The words of a statement's error may quote values; those of a connection that could not be had do not.
  const words = sqlState === undefined || sqlState === '42501' || sqlState === '55000' ? messages : [];
  const found = SIGNS.find(
    ([, signs]) =>
      codes.some((code) => signs.codes.test(code)) ||
      kinds.some((kind) => signs.kinds.includes(kind)) ||
      words.some((text) => signs.words?.test(text) === true),
  );
  return found === undefined ? undefined : new DatabaseTrouble(found[0], name, codes[0], sqlState);
}

const WORDS: Readonly<Record<TroubleKind, string>> = {
  'password-refused': 'the password is refused',
  'login-refused': 'the login is refused',
  'no-database': 'there is no such database',
  'read-only': 'the database is read-only',
  tls: 'no TLS connection can be had',
  unreachable: 'the server cannot be reached',
  'at-limit': 'the server is at a limit',
  'connection-lost': 'the connection was lost',
};

/** PostgreSQL, Appendix A. Prisma's own codes have the same length and begin with P1 or P2. */
const SQLSTATE = /^(?!P[12])[0-9A-Z]{5}$/;

interface Signs {
  codes: RegExp;
  kinds: readonly string[];
  words?: RegExp;
}

/** The first that fits. Prisma: Error message reference; Node: Common system errors, OpenSSL error codes. */
const SIGNS: readonly (readonly [TroubleKind, Signs])[] = [
  ['password-refused', { codes: /^(28P01|P1000)$/, kinds: ['AuthenticationFailed'], words: /^SASL: .*(password must be|SCRAM-SERVER)/ }],
  ['login-refused', { codes: /^(28...|P1010)$/, kinds: ['DatabaseAccessDenied'], words: /^permission denied for database / }],
  [
    'no-database',
    { codes: /^(3D000|P1003)$/, kinds: ['DatabaseDoesNotExist'], words: /^database .* is not currently accepting connections/ },
  ],
  ['read-only', { codes: /^25006$/, kinds: [] }],
  [
    'tls',
    {
      codes: /^(P1011|EPROTO)$|^(ERR_TLS|ERR_SSL|CERT_|CRL_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|INVALID_CA|HOSTNAME_MISMATCH)/,
      kinds: ['TlsConnectionError'],
      words: /SSL connection/,
    },
  ],
  [
    'unreachable',
    {
      codes: /^(0800[14]|57P03|P100[12]|ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|EHOSTDOWN|ENETUNREACH|ENETDOWN|ETIMEDOUT)$/,
      kinds: ['DatabaseNotReachable'],
      words: /connection timeout|^timeout expired|Can't reach database/,
    },
  ],
  [
    'at-limit',
    {
      codes: /^(53...|57014|P2024|P2028|P2037)$/,
      kinds: ['TooManyConnections', 'SocketTimeout'],
      words: /timeout exceeded when trying to connect|^Query read timeout/,
    },
  ],
  [
    'connection-lost',
    {
      // 25P03 and 25P04: the server ended a transaction that was idle, or too long; a late answer provokes both.
      codes: /^(08...|57P..|58...|25P0[34]|P1008|P1017|ECONNRESET|ECONNABORTED|EPIPE)$/,
      kinds: ['ConnectionClosed'],
      words: /^Connection terminated|is not queryable/,
    },
  ],
];
