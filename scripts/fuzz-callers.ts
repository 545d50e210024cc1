import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { enrollOne, registerDevice } from '../cli/demo/enroll-one.ts';
import type { DevJson } from '../cli/dev/dev-json.ts';
import { freePort } from '../cli/dev/free-ports.ts';
import { accessToken } from '../cli/dev/token-service.ts';

/** Credentials for the fuzzer, over loopback: it asks before each case, because access tokens live for minutes and enrollments end. */
export interface FuzzCallers {
  readonly url: string;
  close(): Promise<void>;
}

interface Device {
  readonly id: string;
  readonly token: string;
}

const privateJwk = z.looseObject({ kty: z.string(), kid: z.string() });
const POOL = 12;
/** One of so many cases meets an enrollment that no case has met. */
const FRESH_ONE_IN = 5;
const USER_WITH_PIN = 'u-fuzz';

export async function startFuzzCallers(dev: DevJson): Promise<FuzzCallers> {
  await giveUserPin(dev);
  const devices: Device[] = [await register(dev, 'verify'), await register(dev, 'skip-if-present')];
  const port = await freePort();
  const server = createServer((_req, res) => {
    answer(dev, devices).then(
      (body) => res.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body)),
      (error: unknown) => res.writeHead(500).end(String(error)),
    );
  });
  await new Promise<void>((done) => server.listen(port, '127.0.0.1', done));
  return {
    url: `http://127.0.0.1:${port}/`,
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}

async function answer(dev: DevJson, devices: Device[]): Promise<Record<string, string>> {
  if (Math.random() * FRESH_ONE_IN < 1) devices.push(await register(dev, Math.random() < 0.5 ? 'verify' : 'skip-if-present'));
  if (devices.length > POOL) devices.shift();
  const { id, token } = devices[Math.floor(Math.random() * devices.length)] ?? (await register(dev, 'verify'));
  const jwk = privateJwk.parse(JSON.parse(readFileSync(dev.jwt.privateJwkFile, 'utf8')));
  return { id, enrollmentToken: token, accessToken: await accessToken(jwk, dev.jwt) };
}

/** A whole enrollment, so that `skip-if-present` leads straight to the CSR. */
async function giveUserPin(dev: DevJson): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'cs-fuzz-'));
  const ignore = () => undefined;
  const device = { userId: USER_WITH_PIN, deviceId: 'd-0', pin: '482913', pinPolicy: 'verify', keyType: 'EC:P-256' } as const;
  try {
    await enrollOne(dev, { ...device, deliveryFormat: 'jwe', cardFolder: join(folder, 'card'), onRegistered: ignore, onStep: ignore });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function register(dev: DevJson, pinPolicy: 'verify' | 'skip-if-present'): Promise<Device> {
  const userId = pinPolicy === 'verify' ? `u-${randomUUID()}` : USER_WITH_PIN;
  const { enrollmentId, enrollmentToken } = await registerDevice(dev, { userId, deviceId: randomUUID(), pinPolicy });
  return { id: enrollmentId, token: enrollmentToken };
}
