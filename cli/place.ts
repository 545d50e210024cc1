import { loadConfig } from '../config/load-config.ts';
import { attachment } from './dev/dev-json.ts';

/** The database that a command of the operator speaks to: CS_DATABASE_URL_FILE if it is set, else that of the development stack. */
export function databaseUrlOf(data: string): string {
  if (process.env['CS_DATABASE_URL_FILE'] !== undefined) return loadConfig('migrate', process.env).databaseUrl;
  return attachment(data).databaseUrl;
}
