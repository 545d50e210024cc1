import { randomBytes, randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { DeliveryFormat, KeyType } from '../../contract/key-types.ts';
import { type Enrolled, enrollDevice, type PinPrompt, type StepEvent, VirtualCard } from '../../sdk/index.ts';
import type { DevJson } from '../dev/dev-json.ts';
import { readSecretFile, writeSecretFile } from '../secret-file.ts';

export interface Enrolling {
  userId: string;
  deviceId: string;
  pin: string;
  pinPolicy: 'skip-if-present' | 'verify';
  keyType: KeyType;
  deliveryFormat: DeliveryFormat;
  sdkKeyType?: KeyType;
  cardFolder: string;
  /** Another way to the API than the stack's own address, for example through a proxy. */
  baseUrl?: string;
  onRegistered: (enrollmentId: string, milliseconds: number) => void;
  onStep: (event: StepEvent) => void;
}

/** What an enrollment needs to know of a stack. */
export type EnrollableStack = Pick<DevJson, 'api' | 'tlsCaFile' | 'rootCertificateFiles' | 'tokenService'>;

export interface EnrolledDevice extends Enrolled {
  cardFolder: string;
  milliseconds: number;
}

const started = z.object({ enrollmentId: z.string(), enrollmentToken: z.string() });

/** Plays the app: registers the device at the Token Service stand-in, then lets the SDK do everything else over HTTPS. */
export async function enrollOne(dev: EnrollableStack, enrolling: Enrolling): Promise<EnrolledDevice> {
  const begun = Date.now();
  const { enrollmentId, enrollmentToken } = await registerDevice(dev, enrolling);
  enrolling.onRegistered(enrollmentId, Date.now() - begun);
  const { cardFolder, pin, keyType, deliveryFormat, sdkKeyType, onStep } = enrolling;
  const card = await VirtualCard.open({ directory: cardFolder, deviceSecret: deviceSecret(cardFolder) });
  const enrolled = await enrollDevice({
    baseUrl: enrolling.baseUrl ?? dev.api,
    tlsCa: readFileSync(dev.tlsCaFile, 'utf8'),
    roots: dev.rootCertificateFiles.map((file) => readFileSync(file, 'utf8')),
    card,
    enrollmentId,
    enrollmentToken,
    askForPin: typeOnce(pin),
    keyType,
    deliveryFormat,
    onStep,
    ...(sdkKeyType === undefined ? {} : { sdkKeyType }),
  });
  return { ...enrolled, cardFolder, milliseconds: Date.now() - begun };
}

/** The Token Service stand-in registers a device and starts its enrollment. */
export async function registerDevice(
  dev: EnrollableStack,
  { userId, deviceId, pinPolicy }: Pick<Enrolling, 'userId' | 'deviceId' | 'pinPolicy'>,
): Promise<z.infer<typeof started>> {
  const answer = await fetch(`${dev.tokenService}/device-registrations`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'idempotency-key': randomUUID() },
    body: JSON.stringify({ userId, deviceId, tokenId: `t-${randomUUID()}`, pin: pinPolicy, platform: 'other' }),
  });
  const body: unknown = await answer.json();
  if (!answer.ok) throw new Error(`The Certificate Service refused to start the enrollment: ${sentencesOf(body)}`);
  return started.parse(body);
}

const problem = z.object({ detail: z.string(), hint: z.string() });

function sentencesOf(body: unknown): string {
  const parsed = problem.safeParse(body);
  return parsed.success
    ? `${parsed.data.detail.replace(/[^.]$/, '$&.')} ${parsed.data.hint}`
    : 'no reason was given. Look into logs/token-service.log and logs/api.log of the data folder.';
}

/** A user who types the same PIN whenever asked, but gives up on a refusal instead of locking the PIN. */
function typeOnce(pin: string): (prompt: PinPrompt) => Promise<string> {
  return async ({ lastError }) => {
    if (lastError !== undefined) throw new Error(refusalOf(lastError));
    return pin;
  };
}

function refusalOf({ code, attemptsLeft, retryAt }: NonNullable<PinPrompt['lastError']>): string {
  const left = attemptsLeft === undefined ? '' : ` ${attemptsLeft} tries are left in this enrollment.`;
  const why = code === 'pin_weak' ? ' It is on the list of weak PINs (conformance/weak-pins.json) or a pattern.' : '';
  return `The PIN was refused (${code}).${why}${left}${retryAt === undefined ? '' : ` The next try for this user is accepted from ${retryAt} on.`} The enrollment stays open until its deadline, or until cs operator cancel.`;
}

/** Stands in for the phone's key store, which would keep these 32 octets; beside the card, only because this is a demonstration. */
function deviceSecret(cardFolder: string): Uint8Array {
  const path = join(`${cardFolder}.device-secret`);
  if (!existsSync(path)) {
    mkdirSync(join(cardFolder, '..'), { recursive: true, mode: 0o700 });
    writeSecretFile(path, randomBytes(32));
  }
  return readSecretFile(path);
}
