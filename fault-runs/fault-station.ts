import { createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { FAULT_POINTS, type FaultPoint } from '../faults/fault-points.ts';

/** The processes that have fault points. */
export const FAULTY_PARTS = ['api', 'worker', 'issuer'] as const;
export type FaultyPart = (typeof FAULTY_PARTS)[number];

const reachedLine = z.object({ process: z.enum(FAULTY_PARTS), pid: z.number(), point: z.enum(FAULT_POINTS), about: z.string() });

/** A process that stands at a point and waits for the verdict. */
export interface Held {
  process: FaultyPart;
  pid: number;
  point: FaultPoint;
  about: string;
  release(): void;
}

export interface FaultStation {
  /** Path for CS_FAULT_POINTS_SOCKET. */
  readonly socket: string;
  /** How often each point was reached, by all processes together. */
  readonly reached: ReadonlyMap<FaultPoint, number>;
  /** Serials of every certificate that was ever signed, as the issuance process named them before anything was stored. */
  readonly signed: ReadonlySet<string>;
  /** Holds the `nth` next reach of a point by a process; undefined when it was not reached in time. One at a time. */
  holdNext(point: FaultPoint, process: FaultyPart, nth: number, withinMs: number): Promise<Held | undefined>;
  close(): Promise<void>;
}

interface Watch {
  point: FaultPoint;
  process: FaultyPart;
  left: number;
  held: (held: Held) => void;
}

/** Where armed processes ask what is to happen to them; everybody else is waved on at once. */
export async function faultStation(socket: string): Promise<FaultStation> {
  const reached = new Map<FaultPoint, number>();
  const signed = new Set<string>();
  let watch: Watch | undefined;
  const arrive = (arrived: Held): void => {
    reached.set(arrived.point, (reached.get(arrived.point) ?? 0) + 1);
    if (arrived.point === 'signed') for (const serial of arrived.about.split(' ')) signed.add(serial);
    if (watch?.point !== arrived.point || watch.process !== arrived.process || (watch.left -= 1) > 0) return arrived.release();
    const { held } = watch;
    watch = undefined;
    held(arrived);
  };
  const server = createServer((asking) => listenTo(asking, arrive));
  await new Promise<void>((done, failed) => server.once('error', failed).listen(socket, done));
  return {
    socket,
    reached,
    signed,
    holdNext: async (point, process, nth, withinMs) => {
      const reachedIt = new Promise<Held>((held) => {
        watch = { point, process, left: nth, held };
      });
      const found = await Promise.race([reachedIt, sleep(withinMs, undefined)]);
      if (found === undefined) watch = undefined;
      return found;
    },
    close: () => new Promise((done) => void server.close(() => done())),
  };
}

function listenTo(asking: Socket, arrive: (held: Held) => void): void {
  let text = '';
  asking.setEncoding('utf8');
  asking.on('error', () => undefined); // the process was killed while it waited
  asking.on('data', (more: string) => {
    text += more;
    if (!text.endsWith('\n')) return;
    const line = reachedLine.parse(JSON.parse(text));
    arrive({ ...line, release: () => void asking.end() });
  });
}
