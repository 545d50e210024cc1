import { loadConfig } from '../config/load-config.ts';
import { attachment } from './dev/dev-json.ts';

/** The database that a command of the operator speaks to: CS_DATABASE_URL_FILE if it is set, else that of the development stack. */
export function databaseUrlOf(data: string): string {
  if (process.env['CS_DATABASE_URL_FILE'] !== undefined) return loadConfig('migrate', process.env).databaseUrl;
  return attachment(data).databaseUrl;
}

/** Where Temporal is; without an address only the database is asked. */
export function temporalOf(data: string): { address: string | undefined; namespace: string; tlsCaFile: string | undefined } {
  const { CS_TEMPORAL_ADDRESS: address, CS_TEMPORAL_NAMESPACE: namespace = 'default', CS_TEMPORAL_TLS_CA_FILE: tlsCaFile } = process.env;
  if (address !== undefined || process.env['CS_DATABASE_URL_FILE'] !== undefined) return { address, namespace, tlsCaFile };
  const { temporal } = attachment(data);
  return { address: temporal.address, namespace: temporal.namespace, tlsCaFile: undefined };
}
