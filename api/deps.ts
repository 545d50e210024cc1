import type { Logger } from 'pino';
import type { Config } from '../config/load-config.ts';
import type { ArgonSlots } from '../core/pin/argon-slots.ts';
import type { Database } from '../store/database.ts';
import type { AccessTokens } from './access-token.ts';
import type { EnrollmentGateway } from './gateway.ts';
import type { PinGuard } from './pin-guard.ts';

/** Everything that the calls need; put together in main.ts. */
export interface ApiDeps {
  readonly config: Config<'api'>;
  readonly db: Database;
  readonly gateway: EnrollmentGateway;
  readonly accessTokens: AccessTokens;
  readonly argon: ArgonSlots;
  readonly pinGuard: PinGuard;
  readonly log: Logger;
}
