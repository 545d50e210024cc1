import express, { type ErrorRequestHandler, type Express, type RequestHandler, Router } from 'express';
import helmet from 'helmet';
import swaggerUi from 'swagger-ui-express';
import { ServiceError } from '../contract/service-error.ts';
import { asUnavailable } from '../store/database.ts';
import type { ApiDeps } from './deps.ts';
import { errorPage } from './error-page.ts';
import { expressPath } from './express-path.ts';
import { publishedFiles } from './files/published-files.ts';
import { addressList } from './http/address-list.ts';
import { closeAfterRefusals } from './middleware/close-after-refusals.ts';
import { dropForwardedCertificates } from './middleware/forwarded-certificate.ts';
import { rawBody } from './middleware/json-body.ts';
import { knownQuery } from './middleware/known-query.ts';
import { type Credential, limitAddress } from './middleware/limit-address.ts';
import { logRequests } from './middleware/log-requests.ts';
import { requestId } from './middleware/request-id.ts';
import { requestShape } from './middleware/request-shape.ts';
import { openApiDocument } from './openapi.ts';
import { OPERATOR_ROUTES } from './operator-table.ts';
import { asServiceError, sendProblem } from './problem.ts';
import type { Listener, Route } from './route.ts';
import { ROUTES } from './route-table.ts';
import { getPublicFile, onlyRead } from './routes/public-files.ts';

/** Where `type` of problem documents points unless CS_DOCS_URL says otherwise. */
export const DOCS_PATH = '/docs/errors';

type FilesDeps = Pick<ApiDeps, 'db' | 'log' | 'config' | 'limits'>;

/** The public TLS listener, without listening: the calls of the route table and the API documentation. */
export function publicApp(deps: ApiDeps): Express {
  const app = bareApp(deps, hstsOf(deps));
  app.use('/docs', documentation(deps));
  app.use(noStore, rawBody, calls(deps, 'public'));
  return closed(app, deps);
}

/** The TLS listener of Token Services with a client certificate: their calls, no others. */
export function partnerApp(deps: ApiDeps & Required<Pick<ApiDeps, 'partnerOf'>>): Express {
  return callsOnly(deps, 'partner');
}

/** The TLS listener of operators. */
export function operatorApp(deps: ApiDeps & Required<Pick<ApiDeps, 'operatorTokens'>>): Express {
  return callsOnly(deps, 'operator');
}

function callsOnly(deps: ApiDeps, listener: Listener): Express {
  const app = bareApp(deps, hstsOf(deps), listener === 'partner' ? 'tls' : 'header');
  app.use(noStore, rawBody, calls(deps, listener));
  return closed(app, deps);
}

/** Browsers keep HSTS by host and ignore the port: in development it would cut off everything else on localhost, the Temporal UI first. */
function hstsOf({ config }: ApiDeps): false | { maxAge: number } {
  return config.environment === 'development' ? false : { maxAge: 31_536_000 };
}

/** The plain-HTTP listener: signed, read-only files and nothing else (RFC 5280 §8 advises against https for them). */
export function filesApp(deps: FilesDeps): Express {
  const app = bareApp(deps, false);
  const get = getPublicFile(publishedFiles(deps));
  for (const path of ['/ca/:file', '/crl/:file']) app.route(path).get(get).all(onlyRead);
  return closed(app, deps);
}

function bareApp(
  { log, config, limits }: FilesDeps,
  strictTransportSecurity: false | { maxAge: number },
  credential: Credential = 'header',
): Express {
  const app = express();
  const isProxy = addressList(config.trustedProxies);
  app.set('trust proxy', isProxy);
  app.disable('x-powered-by').disable('etag').set('query parser', 'simple').set('case sensitive routing', true).set('strict routing', true);
  app.use(requestId, logRequests(log), helmet({ strictTransportSecurity }));
  return app.use(requestShape, dropForwardedCertificates(isProxy), limitAddress(limits, credential));
}

function closed(app: Express, deps: Pick<ApiDeps, 'log' | 'config'>): Express {
  app.use(() => {
    throw new ServiceError('route_not_found');
  });
  return app.use(lastResort(deps, addressList(deps.config.trustedProxies)));
}

function calls(deps: ApiDeps, listener: Listener): Router {
  const routes = [...ROUTES, ...OPERATOR_ROUTES].filter(({ listeners }) => listeners.includes(listener));
  const router = Router({ caseSensitive: true, strict: true });
  // Express would let HEAD run the handler of GET, and fetching credentials is counted.
  for (const path of new Set(routes.map((route) => route.path))) router.head(expressPath(path), otherMethod(routes, path));
  for (const route of routes) router[route.method](expressPath(route.path), knownQuery(route.query?.shape), route.handler(deps, route));
  for (const path of new Set(routes.map((route) => route.path))) router.all(expressPath(path), otherMethod(routes, path));
  return router;
}

function otherMethod(routes: readonly Route[], path: string): RequestHandler {
  const allow = routes
    .filter((route) => route.path === path)
    .map(({ method }) => method.toUpperCase())
    .join(', ');
  return (_req, res) => {
    res.setHeader('Allow', allow);
    throw new ServiceError('method_not_allowed', `Allowed here: ${allow}.`);
  };
}

function documentation({ config }: ApiDeps): Router {
  const document = openApiDocument();
  const router = Router();
  router.get('/openapi.json', (_req, res) => void res.json(document));
  router.get('/errors', errorPage);
  // swagger-ui draws with inline styles and scripts of its own; only these pages may.
  const styles: RequestHandler = (_req, res, next) => {
    res.setHeader(
      'Content-Security-Policy',
      "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    );
    next();
  };
  // Only the page itself and its files: anything else below /docs is not found.
  router.get('/', styles, swaggerUi.setup(document, { customSiteTitle: `Certificate Service (${config.environment})` }));
  router.use(styles, ...swaggerUi.serve);
  return router;
}

/** Nothing about an enrollment is kept by caches (protocol §1). */
const noStore: RequestHandler = (_req, res, next) => {
  res.setHeader('Cache-Control', 'no-store');
  next();
};

/** Every refusal leaves as a problem document; what was not expected is logged under the request id and says nothing outside. */
function lastResort({ log, config }: Pick<ApiDeps, 'log' | 'config'>, isProxy: (address: string) => boolean): ErrorRequestHandler {
  return (error: unknown, req, res, _next) => {
    const refusal = asServiceError(asUnavailable(error));
    if (refusal.code === 'internal_error') log.error({ requestId: res.locals.requestId, err: error }, 'unexpected failure');
    // With the cause in it: which trouble it is stands outside in no answer.
    else if (refusal.cause !== undefined) log.warn({ requestId: res.locals.requestId, err: refusal }, 'answered as unavailable');
    if (refusal.code === 'too_many_requests') closeAfterRefusals(req, res, isProxy);
    if (res.headersSent) res.destroy();
    else sendProblem(res, refusal, config.docsUrl ?? DOCS_PATH);
  };
}
