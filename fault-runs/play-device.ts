import { createHash, randomBytes, randomUUID, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { CardStore } from '../sdk/card/card-store.ts';
import { storeOf } from '../sdk/card/virtual-card.ts';
import {
  cancelEnrollment,
  EnrollmentEnded,
  enrollDevice,
  resumeEnrollment,
  type StepEvent,
  type StepName,
  VirtualCard,
} from '../sdk/index.ts';
import { CANCELLED } from './check-enrollments.ts';
import type { DeviceStory, DeviceWish, Ground } from './device-story.ts';
import { checkAfterTheEnd, checkRepetition } from './repeat-answers.ts';

const PIN = '482913';
/** How long an app goes on trying: beyond the whole deadline there is nothing to be had. */
const PATIENCE_MS = 270_000;
const PAUSE_MS = 300;

class AtCourse extends Error {}

interface Play {
  ground: Ground;
  wish: DeviceWish;
  story: DeviceStory;
  card: VirtualCard;
  store: CardStore;
  token: string;
  parked: boolean;
}

/** Plays one device with the reference SDK. It repeats as the protocol says; the app above resumes whenever the SDK gave up. */
export async function playDevice(ground: Ground, wish: DeviceWish): Promise<DeviceStory> {
  const { enrollmentId, enrollmentToken } = await register(ground, wish);
  wish.onRegistered?.(enrollmentId);
  const card = await VirtualCard.open({ directory: join(ground.folder, enrollmentId), deviceSecret: randomBytes(32) });
  const story: DeviceStory = {
    enrollmentId,
    course: wish.course.kind,
    outcome: 'stuck',
    certificates: [],
    differences: [],
    troubles: [],
    answeredAt: [performance.now()],
  };
  const play: Play = { ground, wish, story, card, store: storeOf(card), token: enrollmentToken, parked: false };
  await untilThrough(play, () => begin(play));
  return story;
}

const started = z.object({ enrollmentId: z.string(), enrollmentToken: z.string() });

/** One registration, one key: however often it is repeated, it is one enrollment. */
async function register({ dev, calls }: Ground, { userId, deviceId }: DeviceWish): Promise<z.infer<typeof started>> {
  const headers = { 'content-type': 'application/json', 'idempotency-key': randomUUID() };
  const body = JSON.stringify({ userId, deviceId, tokenId: `t-${deviceId}`, pin: 'verify', platform: 'other' });
  const { status, text } = await calls.call('POST', `${dev.tokenService}/device-registrations`, { headers, body });
  if (status >= 300) throw new Error(`the registration was refused: ${status} ${text.slice(0, 300)}`);
  return started.parse(JSON.parse(text));
}

/** The app: calls the SDK again until it is through, has reached its course, or the enrollment has ended. */
async function untilThrough(play: Play, first: () => Promise<unknown>): Promise<void> {
  const { story } = play;
  let next = first;
  for (const end = Date.now() + PATIENCE_MS; Date.now() < end; await sleep(PAUSE_MS)) {
    try {
      await next();
      await checkAfterTheEnd(play.ground, play.token, play.card, story);
      story.outcome = 'completed';
      return;
    } catch (error) {
      if (error instanceof EnrollmentEnded) return noteEnd(story, error);
      if (error instanceof AtCourse) return atCourse(play);
      if (!(error instanceof Parked)) story.troubles.push(error instanceof Error ? error.message : 'unknown');
    }
    next = () => goOn(play);
  }
}

function noteEnd(story: DeviceStory, { state, code }: EnrollmentEnded): void {
  story.outcome = 'ended';
  story.end = `${state} (${code})`;
}

function optionsOf({ ground: { dev }, card, wish: { keyType, deliveryFormat } }: Play) {
  const tlsCa = readFileSync(dev.tlsCaFile, 'utf8');
  const roots = dev.rootCertificateFiles.map((file) => readFileSync(file, 'utf8'));
  return { baseUrl: dev.api, tlsCa, roots, card, keyType, deliveryFormat, askForPin: () => Promise.resolve(PIN) };
}

function begin(play: Play): Promise<unknown> {
  const { enrollmentId } = play.story;
  return enrollDevice({ ...optionsOf(play), enrollmentId, enrollmentToken: play.token, onStep: listener(play) });
}

class Parked extends Error {}

/** After the credentials were stored the app restarts once; before it goes on the answer is asked for again, twice. */
async function goOn(play: Play): Promise<unknown> {
  if (!play.card.state.enrolled && play.parked) await checkRepetition(play.ground, play.token, play.store, play.story);
  if (play.card.state.unfinishedEnrollmentId === undefined) return undefined;
  return resumeEnrollment({ ...optionsOf(play), onStep: listener(play) });
}

const ANSWERS: readonly StepName[] = [
  'view-read',
  'pin-accepted',
  'csr-accepted',
  'credentials-received',
  'acknowledged',
  'receipt-verified',
];

function listener(play: Play): (event: StepEvent) => void {
  const { story, wish } = play;
  return ({ step }) => {
    if (ANSWERS.includes(step)) story.answeredAt.push(performance.now());
    if (step === 'certificates-checked') play.parked = false;
    if (step === 'credentials-stored') noteCertificates(play);
    if (wish.course.kind !== 'complete' && step === wish.course.at) throw new AtCourse();
    if (step !== 'credentials-stored' || play.parked) return;
    play.parked = true;
    throw new Parked();
  };
}

function noteCertificates({ store, story }: Play): void {
  const { checked } = store.journal;
  for (const pem of checked === undefined ? [] : [checked.userCertificate, checked.sdkCertificate]) {
    const { raw, serialNumber } = new X509Certificate(pem);
    const sha256 = createHash('sha256').update(raw).digest('hex');
    if (story.certificates.some((known) => known.sha256 === sha256)) continue;
    story.certificates.push({ sha256, serial: serialNumber.toLowerCase() });
  }
}

async function atCourse(play: Play): Promise<void> {
  const { wish, story } = play;
  await wish.beforeCourse?.(story.enrollmentId);
  if (wish.course.kind === 'abandon') {
    story.outcome = 'abandoned';
    return;
  }
  for (const end = Date.now() + PATIENCE_MS; Date.now() < end; await sleep(PAUSE_MS)) {
    try {
      await cancelEnrollment(optionsOf(play));
      story.outcome = 'ended';
      story.end = CANCELLED;
      story.answeredAt.push(performance.now());
      return;
    } catch (error) {
      story.troubles.push(error instanceof Error ? error.message : 'unknown');
    }
  }
}
