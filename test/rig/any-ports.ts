import { freePort } from '../../cli/dev/free-ports.ts';
import { type PortName, type Ports, portNames } from '../../cli/dev/ports.ts';

/** Free ports for a whole stack, each another. */
export async function anyPorts(): Promise<Ports> {
  const chosen = new Map<PortName, number>();
  for (const name of portNames()) chosen.set(name, await unused([...chosen.values()]));
  return toPorts((name) => chosen.get(name) ?? 0);
}

async function unused(taken: readonly number[]): Promise<number> {
  for (;;) {
    const port = await freePort();
    if (!taken.includes(port)) return port;
  }
}

function toPorts(port: (name: PortName) => number): Ports {
  const entries = Object.fromEntries(portNames().map((name) => [name, port(name)]));
  return requireAll(entries);
}

function requireAll(entries: Record<string, number>): Ports {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion, typescript/consistent-type-assertions -- built from portNames(), every name is there
  return entries as Ports;
}
