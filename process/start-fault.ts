import { type Field, PROCESSES, type ProcessName } from '../config/fields.ts';

type Values = Readonly<Record<string, unknown>>;

/** What a process was told about a port: the variable, and the one of the address when there is one. */
interface PortSetting {
  env: string;
  hostEnv: string | undefined;
}

/**
 * Why a listener could not be opened, in a sentence with the variable and what to do; undefined when the error is something else.
 * (Node: Common system errors.)
 */
export function listenFault(name: ProcessName, values: Values, error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const { syscall, code, port, address = '' }: NodeJS.ErrnoException & { port?: number; address?: string } = error;
  if (syscall === 'getaddrinfo') return `the address of a listener (${hostEnvs(name).join(', ')}) is no name that this machine knows`;
  if (syscall !== 'listen' || port === undefined) return undefined;
  const { env, hostEnv = 'the address' } = settingOf(name, values, port);
  switch (code) {
    case 'EADDRINUSE':
      return `${env}: port ${port} at ${address} is in use. End what listens there (ss -ltnp), or set another port`;
    case 'EACCES':
      return `${env}: this user may not listen on port ${port}. Set one of 1024 or more, or give the process CAP_NET_BIND_SERVICE`;
    case 'EADDRNOTAVAIL':
      return `${hostEnv}: ${address} is no address of this machine. 0.0.0.0 stands for all of them`;
    default:
      return `${env}: port ${port} at ${address} cannot be opened (${code ?? 'unknown'})`;
  }
}

function settingOf(name: ProcessName, values: Values, port: number): PortSetting {
  const fields = Object.entries<Field>(PROCESSES[name]).filter(([, { env }]) => env.endsWith('_PORT'));
  const fits = fields.filter(([key]) => values[key] === port).map(([, { env }]) => env);
  const [env = 'a port'] = fits;
  return { env: fits.length > 1 ? fits.join(' or ') : env, hostEnv: hostOf(name, env) };
}

function hostOf(name: ProcessName, portEnv: string): string | undefined {
  const own = portEnv.replace(/_PORT$/, '_HOST');
  const hosts = hostEnvs(name);
  if (hosts.includes(own)) return own;
  return hosts.find((env) => env === (portEnv.includes('HEALTH') || portEnv.includes('INTERNAL') ? 'CS_INTERNAL_HOST' : 'CS_API_HOST'));
}

function hostEnvs(name: ProcessName): string[] {
  return Object.values<Field>(PROCESSES[name]).flatMap(({ env }) => (env.endsWith('_HOST') ? [env] : []));
}
