import type { DevJson } from '../cli/dev/dev-json.ts';
import type { DeliveryFormat, KeyType } from '../contract/key-types.ts';
import type { StepName } from '../sdk/index.ts';
import type { AppCalls } from './app-calls.ts';

/** What the user of a device does: everything, give up at a step, or simply never come back after it. */
export type Course = { kind: 'complete' } | { kind: 'cancel' | 'abandon'; at: StepName };

export interface DeviceWish {
  userId: string;
  deviceId: string;
  keyType: KeyType;
  deliveryFormat: DeliveryFormat;
  course: Course;
  /** Told as soon as the Token Service has the enrollment. */
  onRegistered?: (enrollmentId: string) => void;
  /** Told when the device comes to the step of its course, before it goes on. */
  beforeCourse?: (enrollmentId: string) => Promise<void>;
}

/** What a device lived through, for the checker. */
export interface DeviceStory {
  enrollmentId: string;
  course: Course['kind'];
  outcome: 'completed' | 'ended' | 'abandoned' | 'stuck';
  /** `state (code)` of an end. */
  end?: string;
  /** SHA-256 (hex) and serial of every certificate that passed the checks of the SDK. */
  certificates: { sha256: string; serial: string }[];
  /** Answers that were repeated and came out differently, in words. */
  differences: string[];
  /** What the SDK threw before it got through: the app called it again each time. */
  troubles: string[];
  /** When an answer arrived that brought the device forward, milliseconds of `performance.now()`. */
  answeredAt: number[];
}

export interface Ground {
  dev: DevJson;
  calls: AppCalls;
  /** Cards go here. */
  folder: string;
}
