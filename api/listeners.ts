import type { Server as HttpServer } from 'node:http';
import type { Server } from 'node:https';
import type { Express } from 'express';
import type { Config } from '../config/load-config.ts';
import { lookOnHangup } from '../process/look-on-hangup.ts';
import { type TlsWatch, watchTlsFiles } from '../process/watch-tls-files.ts';
import { DOCS_PATH, filesApp, publicApp } from './app.ts';
import type { ApiDeps } from './deps.ts';
import { newDrain } from './drain.ts';
import { furtherListeners } from './further-listeners.ts';
import { addressList } from './http/address-list.ts';
import { HTTP_LIMITS } from './http/http-limits.ts';
import { plainServer, type ServerSettings, secureServer } from './http/http-server.ts';
import { drain, listen } from './http/listener.ts';

export interface ListenerPorts {
  publicPort: number;
  filesPort: number;
  /** Undefined: not configured. */
  partnerPort?: number;
  operatorPort?: number;
}

export interface Listeners {
  readonly ports: ListenerPorts;
  /** Further requests are refused; those under way are answered. */
  readonly draining: boolean;
  /** Resolves when everything that was under way has its answer, or had its time. */
  stop(): Promise<void>;
}

/** Opens all listeners of the API that are configured, and keeps their TLS certificates as new as their files. */
export async function startListeners(deps: ApiDeps): Promise<Listeners> {
  const { config } = deps;
  const settings = serverSettings(config);
  const draining = newDrain();
  const served = (app: Express) => draining.before(app, settings.docsUrl);
  const { tlsCertificate: certificate, tlsKey: key } = config;
  const publicServer = secureServer(served(publicApp(deps)), { certificate: certificate.content, key: key.content }, settings);
  const filesServer = plainServer(served(filesApp(deps)), settings);
  const further = furtherListeners(deps, settings, served);
  const watches = [{ server: publicServer }, ...further].map((each) => watched(deps, each));
  const ports: ListenerPorts = {
    publicPort: await listen(publicServer, config.apiPort, config.apiHost),
    filesPort: await listen(filesServer, config.filesPort, config.apiHost),
  };
  for (const { name, server, port, host } of further) ports[`${name}Port`] = await listen(server, port, host);
  const unwatch = lookOnHangup(watches);
  const servers = [publicServer, filesServer, ...further.map(({ server }) => server)];
  return {
    ports,
    get draining() {
      return draining.begun;
    },
    stop: async () => {
      unwatch();
      await draining.begin();
      await closed(servers);
    },
  };
}

function serverSettings({ maxConnections, maxConnectionsPerAddress, docsUrl = DOCS_PATH, trustedProxies }: Config<'api'>): ServerSettings {
  return { limits: { ...HTTP_LIMITS, maxConnections, maxConnectionsPerAddress }, docsUrl, isProxy: addressList(trustedProxies) };
}

function watched({ config, log }: ApiDeps, { server, clientCas }: { server: Server; clientCas?: string }): TlsWatch {
  const files = { certificate: config.tlsCertificate, key: config.tlsKey, ...(clientCas === undefined ? {} : { clientCas }) };
  return watchTlsFiles(server, files, config.tlsReloadSeconds, log);
}

async function closed(servers: readonly HttpServer[]): Promise<void> {
  await Promise.all(servers.map(drain));
}
