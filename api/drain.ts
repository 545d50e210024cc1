import { setTimeout as sleep } from 'node:timers/promises';
import express, { type Express } from 'express';
import { ServiceError } from '../contract/service-error.ts';
import { requestId } from './middleware/request-id.ts';
import { sendProblem } from './problem.ts';

/**
 * Before the listeners close: whoever keeps a connection alive learns by `503 shutting_down` that it ends. Closed at once, an idle
 * connection would lose the request that is on its way.
 */
const LINGER_MS = 1_500;
const RETRY_AFTER_SECONDS = 1;

export interface Drain {
  readonly begun: boolean;
  /** From now on each further request is answered `503 shutting_down` and its connection closed; resolves when all have had time to ask. */
  begin(): Promise<void>;
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
      return sleep(LINGER_MS);
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
