import { HEALTH_PATHS } from '../process/health-listener.ts';
import { OPERATOR_ROUTES } from './operator-table.ts';
import type { Route } from './route.ts';
import { ROUTES } from './route-table.ts';

/** Every listener of the service but the codec server's, with what opens it. */
export const LISTENERS = {
  public: { where: 'TLS, `CS_API_PORT`', credential: 'enrollment token (device) or access token (Token Service), as Bearer' },
  partner: {
    where: 'TLS with client certificate, `CS_PARTNER_PORT` (off without it)',
    credential: 'certificate with a configured SAN; no Authorization',
  },
  operator: { where: 'TLS, `CS_OPERATOR_PORT` (off without it)', credential: 'access token of an operator, as Bearer' },
  files: { where: 'plain HTTP, `CS_FILES_PORT` (signed files, RFC 5280 section 8)', credential: 'none' },
  internal: { where: 'plain HTTP, `CS_INTERNAL_HOST`, each process', credential: 'none: never published' },
} as const;

/** One row of docs/callers.md. */
export interface CallRow extends Pick<Route, 'method' | 'path' | 'callers' | 'scope'> {
  readonly listener: keyof typeof LISTENERS;
}

const open = (listener: CallRow['listener'], path: string): CallRow => ({ listener, method: 'get', path, callers: ['anyone'] });

/** Every call of every listener: who may make it, with which scope. A route that is not here fails the build (route-coverage.test.ts). */
export function callsByListener(): CallRow[] {
  return [
    ...on('public'),
    ...['/docs/', '/docs/errors', '/docs/openapi.json'].map((path) => open('public', path)),
    ...on('partner'),
    ...on('operator'),
    ...['/ca/{file}', '/crl/{file}'].map((path) => open('files', path)),
    ...HEALTH_PATHS.map((path) => open('internal', path)),
  ];
}

function on(listener: 'public' | 'partner' | 'operator'): CallRow[] {
  const routes = [...ROUTES, ...OPERATOR_ROUTES].filter(({ listeners }) => listeners.includes(listener));
  return routes.map(({ method, path, callers, scope }) => ({
    listener,
    method,
    path,
    callers: listener === 'partner' ? callers.filter((caller) => caller === 'token-service') : callers,
    ...(scope === undefined ? {} : { scope }),
  }));
}
