import type { Request, Response } from 'express';
import type { z } from 'zod';
import type { Scope } from '../callers/scopes.ts';
import type { ErrorCode } from '../contract/error-codes.ts';
import type { ApiDeps } from './deps.ts';

/** Made once for its route; what the table says of the call, its scope too, comes from there. */
export type Handler = (deps: ApiDeps, route: Pick<Route, 'scope'>) => (req: Request, res: Response) => Promise<void>;

/** A listener that serves calls; a call exists on the listeners that it names and is not found on the others. */
export type Listener = 'public' | 'partner' | 'operator';

/** Who calls; on the partner listener a Token Service proves itself by certificate, on the public one by access token. */
export type Caller = 'device' | 'token-service' | 'operator' | 'anyone';

/** One call: who may make it and where, what goes in, what comes out. Router, OpenAPI, docs/callers.md and tests are made from it. */
export interface Route {
  readonly method: 'get' | 'post' | 'put' | 'delete';
  /** OpenAPI path; `{x}` is a parameter. */
  readonly path: string;
  readonly summary: string;
  readonly callers: readonly Caller[];
  readonly listeners: readonly Listener[];
  /** What an access token, or the entry of a partner, must allow. */
  readonly scope?: Scope;
  readonly headers?: readonly ('idempotency-key' | 'prefer')[];
  /** Each at most once; another parameter is refused. */
  readonly query?: z.ZodObject;
  readonly request?: z.ZodType;
  readonly responses: Readonly<Record<number, { schema?: z.ZodType; description: string }>>;
  readonly errors: readonly ErrorCode[];
  readonly handler: Handler;
}
