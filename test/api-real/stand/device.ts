import { type KeyObject, randomUUID, X509Certificate } from 'node:crypto';
import type { Config } from '../../../config/load-config.ts';
import type { CredentialsResponse, CsrRequest, PinRequest } from '../../../contract/http.ts';
import { pinSalt } from '../../../core/pin/pin-salt.ts';
import { makeAckProof } from '../../../sdk/acknowledge/make-ack-proof.ts';
import { buildCsr } from '../../../sdk/csr/build-csr.ts';
import { csrPem } from '../../../sdk/csr/csr-pem.ts';
import { type DeliveryKey, makeDeliveryKey } from '../../../sdk/csr/delivery-key.ts';
import { newEcKey } from '../../../sdk/csr/new-key.ts';
import { hashPin } from '../../../sdk/pin/hash-pin.ts';
import { openSealedKey } from '../../../sdk/sealed-key/open-sealed-key.ts';
import { spkiHash } from '../../../sdk/sealed-key/sealed-key.ts';

export const GOOD_PIN = '482913';

/** The keys of one device, and what it sends; made with the reference SDK's own code. */
export interface TestDevice {
  readonly userKey: KeyObject;
  readonly delivery: DeliveryKey;
}

export function newDevice(): TestDevice {
  return { userKey: newEcKey('prime256v1'), delivery: makeDeliveryKey() };
}

const hashes = new Map<string, string>();

/** The body of PUT pin. Argon2 runs once for each user and PIN. */
export async function pinBody(config: Config<'api'>, userId: string, pin: string, given: Partial<PinRequest> = {}): Promise<PinRequest> {
  const kid = config.pinSaltKeys.current.kid;
  const salt = Buffer.from(pinSalt({ userId, kid, keys: config.pinSaltKeys })).toString('base64url');
  const value = hashes.get(salt + pin) ?? (await hashPin(pin, { m: config.pinMemoryKib, t: config.pinPasses, p: 1, kid, salt }));
  hashes.set(salt + pin, value);
  return { mode: 'verify', attemptId: randomUUID(), pinHash: { v: 1, kid, value }, ...given };
}

/** Well-formed, and of no PIN at all: no Argon2 on the device's side. */
export function wrongPinBody(mode: PinRequest['mode'] = 'verify', kid = 's1'): PinRequest {
  return { mode, attemptId: randomUUID(), pinHash: { v: 1, kid, value: Buffer.alloc(32, 7).toString('base64url') } };
}

export function csrBody({ userKey, delivery }: TestDevice, challenge: string, given: Partial<CsrRequest> = {}): CsrRequest {
  const csr = csrPem(buildCsr({ userKey, challenge, deliveryThumbprint: delivery.thumbprint }));
  return { csr, deliveryKey: { ...delivery.jwk }, deliveryFormat: 'jwe', ...given };
}

/** What the device needs of the credentials for its proof. */
type ReceivedKey = Pick<CredentialsResponse, 'sdkCertificate' | 'sdkKey'>;

export function ackProof({ delivery }: TestDevice, enrollmentId: string, { sdkCertificate, sdkKey }: ReceivedKey): string {
  const certificate = new X509Certificate(sdkCertificate);
  const sealed = { value: sdkKey.value, enrollmentId, deliveryKey: delivery, spki: spkiHash(certificate.publicKey) };
  const key = openSealedKey(sdkKey.format, sealed, certificate);
  return makeAckProof({ sdkKey: key, enrollmentId, sealedSha256: sdkKey.sha256, sdkCertificate: certificate, now: new Date() });
}
