import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { text } from './field.ts';
import { isLoopback } from './loopback.ts';

const ENCODE = 'In user and password write @ as %40, # as %23, / as %2F, ? as %3F, % as %25';

/**
 * A connection URL as `postgresql://user:password@host:port/database?sslmode=…`. What a sign in the password that was not written as %..
 * makes of it is refused here: the driver would take a part of the password for the host. No message repeats a part of the
 * URL. Every setting that is a database URL has this schema; production looks at each further (`faultOfDatabaseUrl`).
 */
export const databaseUrl = text
  .transform((content) => content.trim())
  .pipe(z.url({ protocol: /^postgres(ql)?$/, error: `is no URL postgresql://user:password@host:port/database. ${ENCODE}` }))
  .pipe(
    z.string().superRefine((content, context) => {
      const fault = faultOf(content);
      if (fault !== undefined) context.addIssue({ code: 'custom', message: fault });
    }),
  );

function faultOf(content: string): string | undefined {
  const { username, hostname, pathname, searchParams } = new URL(content);
  if (content.includes('#')) return `has a # in it, and what follows would be dropped. ${ENCODE}`;
  if (username === '' && !searchParams.has('user')) return `names no user. ${ENCODE}`;
  if (hostname === '' && !searchParams.has('host')) return 'names no host';
  return pathname.length < 2 ? 'names no database' : undefined;
}

const HOW = 'End it with ?sslmode=verify-full&sslrootcert=<file with the CA of the database server>.';
/** What `pg` escapes, strips or splits at before it parses: its reading and ours must be one. */
const AMBIGUOUS = /[\s\\]|%(?![0-9a-f]{2})/i;
/** `pg` takes each of these for the part of the URL with the same name. */
const PARTS = ['host', 'hostaddr', 'port', 'user', 'password', 'database', 'dbname'];

/**
 * Why a connection by this URL would not verify the server, as `pg` reads it; undefined when it does, or does not leave the machine.
 * `pg` takes `require` and `prefer` for `verify-full` today and will not tomorrow, so only the word itself counts; `ssl=no-verify` and
 * a second `sslmode` would win over the first. The sentence never quotes the URL, which holds a password.
 */
export function faultOfDatabaseUrl(url: string): string | undefined {
  if (AMBIGUOUS.test(url)) return 'holds white space, a backslash or a lone %: percent-encode it (RFC 3986 section 2.1)';
  const { hostname, searchParams } = new URL(url);
  const names = [...searchParams.keys()];
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) return `has the parameter ${shown(twice)} twice, and only the last would count`;
  const host = hostOf(hostname, searchParams);
  const part = names.find((name) => PARTS.includes(name) && !(name === 'host' && isSocket(host)));
  if (part !== undefined) return `has the parameter ${part}, which would count instead of the address: put it into the address`;
  if (host === '') return 'names no host: PGHOST would decide. Write it into the address';
  if (isSocket(host) || isLoopback(host)) return undefined;
  if (!/^[a-z0-9._-]+$|^[0-9a-f:.]+$/i.test(host)) return 'must name one host: lists are not read here';
  return faultOfTls(searchParams);
}

function faultOfTls(parameters: URLSearchParams): string | undefined {
  if (parameters.has('ssl')) return `has the parameter ssl, which says too little. ${HOW}`;
  if (parameters.get('sslmode') !== 'verify-full') return `does not verify the server. ${HOW}`;
  const file = parameters.get('sslrootcert') ?? '';
  if (file === '') return `does not say whom it trusts. ${HOW}`;
  return holdsCertificates(file) ? undefined : `names an sslrootcert that cannot be read as PEM certificates. ${HOW}`;
}

/** An empty file would mean every CA that Node knows. */
function holdsCertificates(file: string): boolean {
  try {
    return new X509Certificate(readFileSync(file)).raw.length > 0;
  } catch {
    return false;
  }
}

/** `pg`: the parameter, else the address, in which a path is percent-encoded. */
function hostOf(hostname: string, parameters: URLSearchParams): string {
  return parameters.get('host') ?? decodeURIComponent(hostname.replace(/^\[(.+)\]$/, '$1'));
}

function isSocket(host: string): boolean {
  return host.startsWith('/');
}

/** A name out of the URL, and it could be anything. */
function shown(name: string): string {
  return /^[a-z_]{1,32}$/.test(name) ? name : 'of an odd name';
}
