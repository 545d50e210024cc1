import express, { type Express } from 'express';
import { ServiceError } from '../contract/service-error.ts';
import { requestId } from './middleware/request-id.ts';
import { sendProblem } from './problem.ts';

const RETRY_AFTER_SECONDS = 1;

export interface Drain {
  readonly begun: boolean;
  /** From now on a request that comes on a connection kept alive is answered `503 shutting_down` and the connection closed. */
  begin(): void;
  /** The application, and in front of it the refusal. */
  before(app: Express, docsUrl: string): Express;
}

export function newDrain(): Drain {
  let begun = false;
  return {
    get begun() {
      return begun;
    },
    begin: () => {
      begun = true;
    },
    before: (app, docsUrl) => inFrontOf(app, docsUrl, () => begun),
  };
}

function inFrontOf(app: Express, docsUrl: string, begun: () => boolean): Express {
  const front = express().disable('x-powered-by').disable('etag');
  front.use((req, res, next) => {
    if (!begun()) return next();
    res.setHeader('Connection', 'close');
    requestId(req, res, () => sendProblem(res, new ServiceError('shutting_down', undefined, {}, RETRY_AFTER_SECONDS), docsUrl));
  });
  return front.use(app);
}
