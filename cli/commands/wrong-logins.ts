import { databaseUrl } from '../../config/database-url.ts';
import { type Field, PROCESSES, type ProcessName } from '../../config/fields.ts';
import { loginFault } from '../../store/login-fault.ts';

/** A sentence for each database URL of a process with which nobody can log in, with its variable. Databases that are away are waited for. */
export async function wrongLogins(name: ProcessName, values: Readonly<Record<string, unknown>>): Promise<string[]> {
  const urls = Object.entries<Field>(PROCESSES[name]).filter(([, { schema }]) => schema === databaseUrl);
  const found = await Promise.all(
    urls.map(async ([key, { env }]) => {
      const url = values[key];
      const fault = typeof url === 'string' ? await loginFault(url) : undefined;
      return fault === undefined ? [] : [`${env}: ${fault}.`];
    }),
  );
  return found.flat();
}
