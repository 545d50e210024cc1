import { createPrivateKey, type KeyObject, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { registerDevice } from '../../cli/demo/enroll-one.ts';
import type { DevJson } from '../../cli/dev/dev-json.ts';
import type { DeliveryFormat, KeyType } from '../../contract/key-types.ts';
import { storeOf } from '../../sdk/card/virtual-card.ts';
import { EnrollmentClient } from '../../sdk/https/enrollment-client.ts';
import { ServiceConnection } from '../../sdk/https/service-connection.ts';
import { enrollDevice, resumeEnrollment, VirtualCard } from '../../sdk/index.ts';
import { checkPinParams, hashPin } from '../../sdk/pin/hash-pin.ts';
import type { Secret } from './secret-forms.ts';

export interface KnownEnrollment {
  readonly enrollmentId: string;
  readonly secrets: readonly Secret[];
  /** The sealed key as it stood in its row before the acknowledgement. */
  readonly sealed: string;
}

interface Wish {
  dev: DevJson;
  folder: string;
  userId: string;
  deviceId: string;
  pin: string;
  keyType: KeyType;
  deliveryFormat: DeliveryFormat;
  /** Reads the sealed key of this enrollment from its row. */
  readSealed: (enrollmentId: string) => Promise<string>;
}

/** Enrolls over HTTPS as a device does, and remembers every secret of it: the device knows them all, the service must not. */
export async function enrollKnown(wish: Wish): Promise<KnownEnrollment> {
  const { dev, pin, deviceId } = wish;
  const { enrollmentId, enrollmentToken } = await registerDevice(dev, { ...wish, pinPolicy: 'verify' });
  const pinHash = await hashOf(wish, enrollmentId, enrollmentToken);
  const card = await VirtualCard.open({ directory: join(wish.folder, deviceId), deviceSecret: randomBytes(32) });
  const flow = { baseUrl: dev.api, tlsCa: pem(dev.tlsCaFile), roots: dev.rootCertificateFiles.map(pem), card, askForPin: async () => pin };
  const pause = new Error('stored, not acknowledged yet');
  await enrollDevice({ ...flow, ...wish, enrollmentId, enrollmentToken, onStep: stopAt('credentials-stored', pause) }).catch(
    (error: unknown) => {
      if (error !== pause) throw error;
    },
  );
  const { userKey = '', deliveryKey = '', checked } = storeOf(card).journal;
  const sealed = await wish.readSealed(enrollmentId);
  await resumeEnrollment(flow);
  const named = (name: string) => `${name} (${wish.keyType}, ${wish.deliveryFormat})`;
  return {
    enrollmentId,
    sealed,
    secrets: [
      ...privateParts(named('SDK key'), open(checked?.sdkKey ?? '')),
      ...privateParts(named('user key'), open(userKey)),
      ...privateParts(named('delivery key'), open(deliveryKey)),
      { name: 'PIN digits', octets: Buffer.from(pin), isText: true },
      { name: 'PIN hash', octets: Buffer.from(pinHash, 'base64url'), owners: ['api'] },
      {
        name: named('enrollment token'),
        octets: Buffer.from(enrollmentToken.slice('cse_'.length), 'base64url'),
        owners: ['api', 'token-service'],
      },
    ],
  };
}

/** The whole private value of an EC key; the primes and the private exponent of an RSA key. */
export function privateParts(name: string, key: KeyObject, owners: readonly string[] = []): Secret[] {
  const { d = '', p, q } = key.export({ format: 'jwk' });
  return [d, p, q].flatMap((part) => (part === undefined ? [] : [{ name, octets: Buffer.from(part, 'base64url'), owners }]));
}

async function hashOf({ dev, pin }: Wish, enrollmentId: string, token: string): Promise<string> {
  const connection = new ServiceConnection({ baseUrl: dev.api, tlsCa: pem(dev.tlsCaFile) });
  try {
    const { pinParams } = await new EnrollmentClient(connection, enrollmentId, token).view();
    if (pinParams === undefined) throw new Error('a new enrollment awaits the PIN');
    return await hashPin(pin, checkPinParams(pinParams));
  } finally {
    await connection.close();
  }
}

function stopAt(wanted: string, reason: Error): (event: { step: string }) => void {
  return ({ step }) => {
    if (step === wanted) throw reason;
  };
}

function open(base64: string): KeyObject {
  return createPrivateKey({ key: Buffer.from(base64, 'base64'), format: 'der', type: 'pkcs8' });
}

function pem(file: string): string {
  return readFileSync(file, 'utf8');
}
