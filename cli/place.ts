import { loadCommandConfig } from '../config/load-config.ts';
import { temporalOf as fromSettings, type TemporalAddress } from '../temporal/temporal-address.ts';
import { attachment } from './dev/dev-json.ts';

/** The database that a command of the operator speaks to: CS_DATABASE_URL_FILE if it is set, else that of the development stack. */
export function databaseUrlOf(data: string): string {
  return isConfigured() ? loadCommandConfig(process.env).databaseUrl : attachment(data).databaseUrl;
}

/** Where Temporal is, with what a command proves itself there; undefined when only the database is to be asked. */
export function temporalOf(data: string): TemporalAddress | undefined {
  if (!isConfigured()) return attachment(data).temporal;
  const config = loadCommandConfig(process.env);
  const { temporalAddress } = config;
  return temporalAddress === undefined ? undefined : fromSettings({ ...config, temporalAddress });
}

function isConfigured(): boolean {
  return process.env['CS_DATABASE_URL_FILE'] !== undefined;
}
