import { readFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import type { JWK } from 'jose';
import { Agent, fetch } from 'undici';
import { z } from 'zod';
import { attachment } from '../dev/dev-json.ts';
import { accessToken } from '../dev/token-service.ts';
import { readSecretFile } from '../secret-file.ts';
import { visibleText } from '../visible-text.ts';

export interface OperatorOptions {
  url?: string;
  tokenFile?: string;
  ca?: string;
  data: string;
  json?: boolean;
}

type Query = Readonly<Record<string, string | undefined>>;

/** The operator calls of one service. Every refusal is thrown as a sentence that says what to do. */
export interface OperatorClient {
  call<Schema extends z.ZodType>(method: 'GET' | 'POST' | 'DELETE', path: string, schema: Schema, query?: Query): Promise<z.output<Schema>>;
  close(): Promise<void>;
}

interface Place {
  url: string;
  token: string;
  ca: string | undefined;
}

const TIMEOUT_MS = 30_000;
const privateJwk = z.looseObject({ kty: z.string(), kid: z.string() });
const problem = z.looseObject({ code: z.string(), title: z.string(), detail: z.string(), hint: z.string(), instance: z.string() });

export async function operatorClient(options: OperatorOptions): Promise<OperatorClient> {
  const place = await placeOf(options);
  const dispatcher = new Agent({ connect: place.ca === undefined ? {} : { ca: place.ca } });
  return {
    call: async (method, path, schema, query = {}) => {
      const search = new URLSearchParams();
      for (const [name, value] of Object.entries(query)) if (value !== undefined) search.set(name, value);
      const address = `${place.url}${path}${search.size === 0 ? '' : `?${search.toString()}`}`;
      const init = { method, dispatcher, headers: { authorization: `Bearer ${place.token}` }, signal: AbortSignal.timeout(TIMEOUT_MS) };
      const answer = await fetch(address, init).catch((error: unknown) => notReached(place.url, error));
      const text = await answer.text();
      if (answer.status >= 400) throw new Error(refusal(answer.status, text));
      return schema.parse(text === '' ? undefined : JSON.parse(text));
    },
    close: () => dispatcher.close(),
  };
}

/** A service by its address, or the development stack of the data folder with a token made on the spot. */
async function placeOf({ url, tokenFile, ca, data }: OperatorOptions): Promise<Place> {
  if (url === undefined && tokenFile === undefined) return development(data);
  if (url === undefined || tokenFile === undefined)
    throw new Error('--url and --token-file go together: where the operator listener is, and a file with your access token.');
  if (!url.startsWith('https://'))
    throw new Error('--url must be https: the access token would be readable on its way. Write https://, and name its CA with --ca.');
  return {
    url: url.replace(/\/+$/, ''),
    token: tokenOf(tokenFile),
    ca: ca === undefined ? undefined : read(ca, '--ca'),
  };
}

async function development(data: string): Promise<Place> {
  const { operator, jwt, tlsCaFile } = attachment(data);
  const jwk: JWK = privateJwk.parse(JSON.parse(readSecretFile(jwt.privateJwkFile).toString('utf8')));
  const subject =
    userInfo()
      .username.replaceAll(/[^A-Za-z0-9._:-]/g, '-')
      .slice(0, 64) || 'operator';
  const { issuer, audience } = operator;
  return {
    url: operator.url,
    token: await accessToken(jwk, { issuer, audience, scope: 'operator:read operator:act', clientId: 'cs', subject }),
    ca: readFileSync(tlsCaFile, 'utf8'),
  };
}

function tokenOf(path: string): string {
  const token = read(path, '--token-file', readSecretFile).trim();
  if (!/^[A-Za-z0-9._~+/=-]+$/.test(token))
    throw new Error(`--token-file names ${path}, which does not hold one access token and nothing else: write the token alone into it.`);
  return token;
}

function read(path: string, option: string, from: (file: string) => Buffer = (file) => readFileSync(file)): string {
  try {
    return from(path).toString('utf8');
  } catch (error) {
    // A sentence of its own: the file was read, and its rights are too wide.
    if (!(error instanceof Error && 'code' in error)) throw error;
    throw new Error(`${option} names ${path}, which cannot be read (${codeOf(error)}): correct the path, or let this user read it.`, {
      cause: error,
    });
  }
}

function notReached(url: string, error: unknown): never {
  const code = codeOf(error instanceof Error ? error.cause : undefined);
  const tls = /CERT|SIGNATURE|ISSUER|ALTNAME|TLS|SSL/.test(code);
  const advice = tls
    ? 'Name the CA of its certificate with --ca, and use the host name that stands in it.'
    : 'Is the API running with CS_OPERATOR_PORT, and is this its operator address?';
  throw new Error(`${url} cannot be reached (${code}). ${advice}`, { cause: error });
}

function codeOf(error: unknown): string {
  const code: unknown = typeof error === 'object' && error !== null ? Reflect.get(error, 'code') : undefined;
  return typeof code === 'string' ? code : 'no answer in time';
}

/** What the service said, and what an operator does about it. */
function refusal(status: number, text: string): string {
  const parsed = problem.safeParse(jsonOf(text));
  if (!parsed.success)
    return `The answer was ${status} and no problem document: --url is not the operator listener of a Certificate Service.`;
  const { code, detail, hint, instance } = parsed.data;
  const advice = ADVICE[code] ?? hint;
  return visibleText(`${detail.replace(/[^.]$/, '$&.')} ${advice} (${code}, request ${instance.replace('urn:uuid:', '')})`);
}

const ADVICE: Readonly<Record<string, string>> = {
  invalid_token:
    'Get a new access token from your identity provider; it must be for the issuer and audience that the service expects of operators.',
  insufficient_scope:
    'Ask whoever gives out access for the scope that is named: operator:read to look, operator:act to cancel, reset and sweep.',
  enrollment_not_found: 'Look for it: cs operator list --user … or --device … or --serial …',
  enrollment_completed: 'Its certificates are active; ending them is a revocation.',
  route_not_found: '--url must be the operator listener, not the public one.',
};

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
