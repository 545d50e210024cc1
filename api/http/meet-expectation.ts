import type { IncomingMessage, RequestListener } from 'node:http';
import { ServiceError } from '../../contract/service-error.ts';
import { MAX_BODY_OCTETS } from '../middleware/json-body.ts';
import { refusalOf } from './refusal-of.ts';

/**
 * `Expect: 100-continue` is met, unless the body will be refused by its length and need not be sent; any other expectation is refused
 * (RFC 9110 §10.1.1). A refusal waits its turn behind the answers of earlier requests, then the connection is closed.
 */
export function meetExpectation(app: RequestListener, docsUrl: string): RequestListener {
  return (req, res) => {
    const fault = faultOf(req);
    if (fault !== undefined) {
      const { status, headers, body } = refusalOf(fault, docsUrl);
      return void res.writeHead(status, { ...headers }).end(body);
    }
    if (expects(req)) res.writeContinue();
    return app(req, res);
  };
}

function faultOf(req: IncomingMessage): ServiceError | undefined {
  if (!expects(req)) return undefined;
  if (req.headers.expect?.toLowerCase() !== '100-continue')
    return new ServiceError('expectation_failed', 'The only expectation that is met is 100-continue.');
  return Number(req.headers['content-length']) > MAX_BODY_OCTETS ? new ServiceError('body_too_large') : undefined;
}

/** HTTP/1.0 knows no expectations: the header is ignored there. */
function expects({ headers, httpVersion }: IncomingMessage): boolean {
  return httpVersion === '1.1' && headers.expect !== undefined;
}
