import { freePort } from './free-ports.ts';
import { type PortName, type Ports, portNames } from './ports.ts';

/** Free ports for a whole stack on 127.0.0.1, each another; those of `chosen` stay as they are. */
export async function anyPorts(chosen: Readonly<Partial<Ports>> = {}): Promise<Ports> {
  const ports = new Map<PortName, number>();
  for (const name of portNames()) ports.set(name, chosen[name] ?? (await unused([...ports.values()])));
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion, typescript/consistent-type-assertions -- built from portNames(): every name is there
  return Object.fromEntries(ports) as Ports;
}

async function unused(taken: readonly number[]): Promise<number> {
  for (;;) {
    const port = await freePort();
    if (!taken.includes(port)) return port;
  }
}
