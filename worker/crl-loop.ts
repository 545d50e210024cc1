import type { Logger } from 'pino';
import { ServiceError } from '../contract/service-error.ts';
