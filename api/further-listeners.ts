import type { Server } from 'node:https';
import type { Express } from 'express';
import { operatorTokens } from '../callers/access-token.ts';
import { keySetOf } from '../callers/key-set-of.ts';
import { partnersBy } from '../callers/partner-of.ts';
import type { Config } from '../config/load-config.ts';
import { operatorApp, partnerApp } from './app.ts';
import type { ApiDeps } from './deps.ts';
import { type ServerSettings, secureServer } from './http/http-server.ts';

/** A listener that is there only when it is configured. */
export interface FurtherListener {
  readonly name: 'partner' | 'operator';
  readonly server: Server;
  readonly port: number;
  readonly host: string;
  /** PEM of who may have signed client certificates. */
  readonly clientCas?: string;
}

/** What stands in front of every application. */
type Served = (app: Express) => Express;

/** Listeners of partners and of operators; what they need was checked with the configuration. */
export function furtherListeners(deps: ApiDeps, settings: ServerSettings, served: Served): FurtherListener[] {
  return [partnerListener(deps, settings, served), operatorListener(deps, settings, served)].filter((found) => found !== undefined);
}

/** Without a certificate of the partners' CA no request is read. */
function partnerListener(deps: ApiDeps, settings: ServerSettings, served: Served): FurtherListener | undefined {
  const { partnerPort: port, partnerCa: clientCas, partners, apiHost: host } = deps.config;
  if (port === undefined || clientCas === undefined || partners === undefined) return undefined;
  const partnerOf = partnersBy({ ca: clientCas, partners, now: Date.now });
  return {
    name: 'partner',
    server: secureServer(served(partnerApp({ ...deps, partnerOf })), pairOf(deps.config), settings, { clientCas }),
    port,
    host,
    clientCas,
  };
}

function operatorListener(deps: ApiDeps, settings: ServerSettings, served: Served): FurtherListener | undefined {
  const { config, log, clock: currentDate } = deps;
  const { operatorPort: port, operatorHost: host, operatorJwksUrl: jwksUrl } = config;
  const { operatorJwtIssuer: issuer, operatorJwtAudience: audience } = config;
  if (port === undefined || jwksUrl === undefined || issuer === undefined || audience === undefined) return undefined;
  const otherAudience = config.jwtAudience;
  const tokens = operatorTokens({ ...keySetOf(config, log), issuer, audience, otherAudience, jwksUrl, now: Date.now, currentDate });
  return {
    name: 'operator',
    server: secureServer(served(operatorApp({ ...deps, operatorTokens: tokens })), pairOf(config), settings),
    port,
    host,
  };
}

function pairOf({ tlsCertificate, tlsKey }: Config<'api'>) {
  return { certificate: tlsCertificate.content, key: tlsKey.content };
}
