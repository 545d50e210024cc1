import { connect } from 'node:net';
import { type FaultListener, listenAtFaultPoints } from './reach.ts';

/**
 * Arms the fault points of this process: at each one it tells the runner behind a Unix socket, in one line of JSON on a connection of its
 * own, and waits until the runner closes it. Meanwhile the runner may kill this or any other process, or stop a server. No runner, or
 * none any more: it goes on. Without a socket: nothing is armed.
 */
export function armFaultPoints(process: string, socket: string | undefined): void {
  if (socket !== undefined) listenAtFaultPoints(askingAt(process, socket));
}

function askingAt(name: string, socket: string): FaultListener {
  return (point, about) => held(socket, `${JSON.stringify({ process: name, pid: process.pid, point, about })}\n`);
}

function held(path: string, line: string): Promise<void> {
  return new Promise((goOn) => {
    const asked = connect(path, () => asked.write(line));
    asked.on('error', () => undefined);
    asked.on('close', () => goOn());
    asked.resume();
  });
}
