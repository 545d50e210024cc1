import { randomBytes, randomUUID } from 'node:crypto';
import { cpSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Agent, fetch } from 'undici';
import { storeOf } from '../../sdk/card/virtual-card.ts';
import { type Enrolled, enrollDevice, resumeEnrollment, type StepEvent, VirtualCard, verifyStoredReceipt } from '../../sdk/index.ts';
import type { RunningStack } from './running-stack.ts';

export interface Answer {
  status: number;
  body: Record<string, unknown>;
  text: string;
}

/** An app with a card: registered at the Token Service, its SDK not yet called. */
export interface AppDevice {
  enrollmentId: string;
  token: string;
  card: VirtualCard;
  /** Begins, or goes on with what is on the card. */
  run(wish?: { baseUrl?: string; signal?: AbortSignal; onStep?: (event: StepEvent) => void }): Promise<Enrolled>;
  /** Verifies the receipt, when the service's keys were not to be had at the end of the enrollment. */
  verifyReceipt(wish: { baseUrl: string; signal: AbortSignal }): Promise<void>;
  /** The same card in another phone: every octet copied. */
  copy(): Promise<AppDevice>;
  /** A call of its own with the enrollment token, past the SDK. */
  call(method: 'GET' | 'PUT' | 'POST' | 'DELETE', path: string, body?: object, headers?: Record<string, string>): Promise<Answer>;
}

export const APP_PIN = '482913';

interface Place {
  directory: string;
  secret: Uint8Array;
  enrollmentId: string;
  token: string;
}

/** Registers a device; every user and device is new unless named. */
export async function appDevice(
  stack: RunningStack,
  wish: { userId?: string; deviceId?: string; pin?: 'verify' | 'skip-if-present' } = {},
): Promise<AppDevice> {
  const { userId = `u-${randomUUID()}`, deviceId = `d-${randomUUID()}`, pin = 'verify' } = wish;
  const answer = await fetch(`${stack.dev.tokenService}/device-registrations`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'idempotency-key': randomUUID() },
    body: JSON.stringify({ userId, deviceId, tokenId: 't-1', pin, platform: 'other' }),
  });
  const started: unknown = await answer.json();
  const { enrollmentId, enrollmentToken } = Object(started);
  if (typeof enrollmentId !== 'string' || typeof enrollmentToken !== 'string') throw new Error(`not registered: ${answer.status}`);
  const directory = join(stack.dataFolder, 'app-cards', enrollmentId);
  mkdirSync(join(directory, '..'), { recursive: true });
  return at(stack, { directory, secret: randomBytes(32), enrollmentId, token: enrollmentToken });
}

async function at(stack: RunningStack, place: Place): Promise<AppDevice> {
  const { directory, secret: deviceSecret, enrollmentId, token } = place;
  const card = await VirtualCard.open({ directory, deviceSecret });
  const { api, tlsCaFile, rootCertificateFiles } = stack.dev;
  const tlsCa = readFileSync(tlsCaFile, 'utf8');
  const agent = new Agent({ connect: { ca: tlsCa } });
  const options = {
    baseUrl: api,
    tlsCa,
    roots: rootCertificateFiles.map((file) => readFileSync(file, 'utf8')),
    card,
    askForPin: async () => APP_PIN,
  };
  return {
    enrollmentId,
    token,
    card,
    run: (wish = {}) => {
      const flow = { ...options, ...wish };
      const begun = storeOf(card).content.journal !== undefined;
      return begun ? resumeEnrollment(flow) : enrollDevice({ ...flow, enrollmentId, enrollmentToken: token });
    },
    verifyReceipt: async (wish) => {
      if (card.receipt()?.verified !== true) await verifyStoredReceipt({ ...options, ...wish });
    },
    copy: () => {
      const other = `${directory}-${randomBytes(3).toString('hex')}`;
      cpSync(directory, other, { recursive: true });
      return at(stack, { ...place, directory: other });
    },
    call: async (method, path, body, headers = {}) => {
      const answer = await fetch(`${api}/v1/enrollments/${enrollmentId}${path}`, {
        method,
        dispatcher: agent,
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...headers },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await answer.text();
      return { status: answer.status, body: JSON.parse(text), text };
    },
  };
}
