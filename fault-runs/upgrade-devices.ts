import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { registerDevice } from '../cli/demo/enroll-one.ts';
import type { DevJson } from '../cli/dev/dev-json.ts';
import type { DeliveryFormat, KeyType } from '../contract/key-types.ts';
import { cancelEnrollment, EnrollmentEnded, enrollDevice, resumeEnrollment, type StepName, VirtualCard } from '../sdk/index.ts';

const PIN = '482913';
const WRONG_PIN = '594028';

/** A device that stopped somewhere under the old release. */
export interface ParkedDevice {
  name: string;
  /** The last step that it finished; undefined: it went through. */
  stopAt: StepName | undefined;
  /** What its row must be when the old release stops. */
  state: string;
  /** How it must end under the new release. */
  end: string;
  keyType?: KeyType;
  deliveryFormat?: DeliveryFormat;
  /** The user of another device, who has a PIN. */
  userId?: string;
  pinPolicy?: 'skip-if-present' | 'verify';
  /** Types one wrong PIN first. */
  wrongFirst?: true;
  /** While the issuance process stands still. */
  withoutIssuer?: true;
  cancelled?: true;
}

const THROUGH = 'completed';

/** Every state, and within a state every way in which a device can stand there. */
export const PARKED: readonly ParkedDevice[] = [
  { name: 'completed', stopAt: undefined, state: 'completed', end: THROUGH },
  { name: 'before-pin', stopAt: 'view-read', state: 'awaiting-pin', end: THROUGH },
  { name: 'pin-hashed', stopAt: 'pin-attempt-stored', state: 'awaiting-pin', end: THROUGH },
  { name: 'wrong-pin', stopAt: 'pin-refused', state: 'awaiting-pin', end: THROUGH, userId: 'completed', wrongFirst: true },
  { name: 'pin-accepted', stopAt: 'pin-accepted', state: 'awaiting-csr', end: THROUGH },
  { name: 'pin-waived', stopAt: 'view-read', state: 'awaiting-csr', end: THROUGH, userId: 'completed', pinPolicy: 'skip-if-present' },
  { name: 'csr-made', stopAt: 'csr-stored', state: 'awaiting-csr', end: THROUGH, keyType: 'RSA:2048' },
  { name: 'delivered', stopAt: 'credentials-received', state: 'awaiting-ack', end: THROUGH },
  { name: 'delivered-cms', stopAt: 'sdk-key-opened', state: 'awaiting-ack', end: THROUGH, deliveryFormat: 'cms' },
  { name: 'stored', stopAt: 'credentials-stored', state: 'awaiting-ack', end: THROUGH, keyType: 'EC:P-384' },
  { name: 'acknowledged', stopAt: 'acknowledged', state: 'completed', end: THROUGH },
  { name: 'cancelled', stopAt: 'view-read', state: 'cancelled', end: 'cancelled (cancelled)', cancelled: true },
  { name: 'issuing', stopAt: 'waiting', state: 'issuing', end: THROUGH, withoutIssuer: true },
  { name: 'issuing-rsa', stopAt: 'waiting', state: 'issuing', end: THROUGH, withoutIssuer: true, keyType: 'RSA:3072' },
];

class Parked extends Error {}

/** Lets the device come as far as it should; returns its enrollment. */
export async function park(dev: DevJson, folder: string, device: ParkedDevice): Promise<string> {
  const { name, userId = name, pinPolicy = 'verify' } = device;
  const registered = await registerDevice(dev, { userId: `u-${userId}`, deviceId: `d-${name}`, pinPolicy });
  const { keyType = 'EC:P-256', deliveryFormat = 'jwe' } = device;
  const options = { ...(await optionsOf(dev, folder, device)), ...registered, keyType, deliveryFormat };
  try {
    await enrollDevice({ ...options, onStep: stopper(device) });
  } catch (error) {
    if (!(error instanceof Parked)) throw new Error(`${name}: ${error instanceof Error ? error.message : 'failed'}`, { cause: error });
  }
  if (device.cancelled) await cancelEnrollment(options);
  return registered.enrollmentId;
}

/** Goes on where the device stopped; how it ended. */
export async function goOn(dev: DevJson, folder: string, device: ParkedDevice): Promise<string> {
  const options = await optionsOf(dev, folder, device);
  if (options.card.state.unfinishedEnrollmentId === undefined) return device.cancelled ? device.end : THROUGH;
  try {
    await resumeEnrollment(options);
    return THROUGH;
  } catch (error) {
    if (error instanceof EnrollmentEnded) return `${error.state} (${error.code})`;
    return `stuck: ${error instanceof Error ? error.message : 'unknown'}`;
  }
}

/** The same device once more, from the registration on. */
export async function enrollAgain(dev: DevJson, folder: string, device: ParkedDevice): Promise<void> {
  const { name, userId = name } = device;
  const registered = await registerDevice(dev, { userId: `u-${userId}`, deviceId: `d-${name}`, pinPolicy: 'verify' });
  await enrollDevice({ ...(await optionsOf(dev, folder, device)), ...registered });
}

function stopper({ stopAt }: ParkedDevice): (event: { step: StepName }) => void {
  return ({ step }) => {
    if (step === stopAt) throw new Parked();
  };
}

async function optionsOf(dev: DevJson, folder: string, { name, wrongFirst }: ParkedDevice) {
  const card = await VirtualCard.open({ directory: join(folder, name), deviceSecret: deviceSecret(join(folder, `${name}.secret`)) });
  let typed = 0;
  return {
    baseUrl: dev.api,
    tlsCa: readFileSync(dev.tlsCaFile, 'utf8'),
    roots: dev.rootCertificateFiles.map((file) => readFileSync(file, 'utf8')),
    card,
    askForPin: async () => (wrongFirst && (typed += 1) === 1 ? WRONG_PIN : PIN),
  };
}

/** What the key store of the phone keeps. */
function deviceSecret(path: string): Uint8Array {
  if (!existsSync(path)) {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    writeFileSync(path, randomBytes(32), { mode: 0o600 });
  }
  return readFileSync(path);
}
