import type { IncomingMessage } from 'node:http';
import type { Logger } from 'pino';
import type { AccessTokens, Client, OperatorTokens } from '../callers/access-token.ts';
import type { Config } from '../config/load-config.ts';
import type { ArgonSlots } from '../core/pin/argon-slots.ts';
import type { Database } from '../store/database.ts';
import type { EnrollmentGateway } from './gateway.ts';
import type { RateLimits } from './limits/rate-limits.ts';
import type { PinGuard } from './pin-guard.ts';

/** Everything that the calls need; put together in main.ts. */
export interface ApiDeps {
  readonly config: Config<'api'>;
  readonly db: Database;
  /** The database's clock: it judges the age of tokens and what is left of an enrollment. */
  readonly clock: () => Promise<Date>;
  readonly gateway: EnrollmentGateway;
  readonly accessTokens: AccessTokens;
  /** Absent: there is no operator listener. */
  readonly operatorTokens?: OperatorTokens;
  /** On the partner listener a client certificate says who calls, and no access token is looked at. */
  readonly partnerOf?: (req: IncomingMessage) => Client;
  readonly argon: ArgonSlots;
  readonly limits: RateLimits;
  readonly pinGuard: PinGuard;
  readonly log: Logger;
}
