import { randomUUID } from 'node:crypto';
import type { Course, DeviceStory, DeviceWish, Ground } from './device-story.ts';
import type { FaultyStack } from './faulty-stack.ts';
import { type Fault, inflict } from './inflict-fault.ts';
import { playDevice } from './play-device.ts';
import type { PointScene, Scene } from './point-scenes.ts';

export interface PointRun extends PointScene {
  fault: Fault;
}

/** What a run did; the checker judges what it left. */
export interface PointReport extends PointRun {
  reached: boolean;
  stories: DeviceStory[];
  /** From the end of the fault to the next answer that brought the device forward; absent when none was due. */
  recoveryMs?: number;
  /** From the end of the fault to the last answer of the devices: then they were through. */
  throughMs?: number;
  /** From the end of the fault until every process was ready again. */
  readyMs?: number;
  /** A process that had not come back by itself. */
  stuckProcess?: string;
}

const REACH_MS = 60_000;

/** Plays the scene of a point, does one fault while the process stands there, lets it go on, and waits until the devices are through. */
export async function runAtPoint(stack: FaultyStack, ground: Ground, run: PointRun): Promise<PointReport> {
  const deviceId = `d-${randomUUID()}`;
  const earlier = await prepare(stack, ground, run.scene, deviceId);
  const held = stack.station.holdNext(run.point, run.process, 1, REACH_MS);
  const playing = play(stack, ground, run.scene, { deviceId, earlier });
  const holding = await held;
  if (holding === undefined) return { ...run, reached: false, stories: [...earlier, ...(await playing)] };
  const inflicted = await inflict(stack, run.fault);
  holding.release();
  const over = await inflicted.over;
  const stories = [...earlier, ...(await playing)];
  if (over === undefined) return { ...run, reached: false, stories };
  const stuckProcess = await stack.supervisor.allReady();
  const readyMs = Math.round(performance.now() - over);
  const answers = stories.flatMap(({ answeredAt }) => answeredAt.filter((at) => at > over)).toSorted((a, b) => a - b);
  const [next] = answers;
  return {
    ...run,
    reached: true,
    stories,
    readyMs,
    ...(next === undefined ? {} : { recoveryMs: Math.round(next - over), throughMs: Math.round((answers.at(-1) ?? next) - over) }),
    ...(stuckProcess === undefined ? {} : { stuckProcess }),
  };
}

/** What must have happened before the point can be reached. */
async function prepare({ temporal }: FaultyStack, ground: Ground, scene: Scene, deviceId: string): Promise<DeviceStory[]> {
  if (scene === 'complete' || scene === 'cancel') return [];
  const at = scene === 'supersede' ? 'pin-accepted' : 'credentials-stored';
  const story = await playDevice(ground, wishFor({ kind: 'abandon', at }, deviceId));
  if (scene === 'lost-run') await temporal.workflow.getHandle(`enr-${story.enrollmentId}`).terminate('by the fault runner');
  return [story];
}

interface Prepared {
  deviceId: string;
  earlier: readonly DeviceStory[];
}

async function play({ query }: FaultyStack, ground: Ground, scene: Scene, { deviceId, earlier }: Prepared): Promise<DeviceStory[]> {
  switch (scene) {
    case 'complete':
    case 'supersede':
      return [await playDevice(ground, wishFor({ kind: 'complete' }, deviceId))];
    case 'cancel':
      return [await playDevice(ground, wishFor({ kind: 'cancel', at: 'credentials-stored' }, deviceId))];
    case 'lost-run':
      // As time would: the deadline passes, and no run is there to notice.
      for (const { enrollmentId } of earlier)
        await query(`UPDATE enrollment SET stage_deadline = clock_timestamp() - interval '1 minute' WHERE id = $1`, enrollmentId);
      return [];
  }
}

function wishFor(course: Course, deviceId: string): DeviceWish {
  return { userId: `u-${deviceId}`, deviceId, keyType: 'EC:P-256', deliveryFormat: 'jwe', course };
}
