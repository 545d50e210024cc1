import { createHash, createPublicKey, randomUUID, X509Certificate } from 'node:crypto';
import { makeAckProof } from '../../sdk/acknowledge/make-ack-proof.ts';
import { buildCsr } from '../../sdk/csr/build-csr.ts';
import { csrPem } from '../../sdk/csr/csr-pem.ts';
import { makeDeliveryKey } from '../../sdk/csr/delivery-key.ts';
import { makeUserKey } from '../../sdk/csr/user-key.ts';
import { parseCredentials, parseView } from '../../sdk/https/parse-answers.ts';
import { hashPin } from '../../sdk/pin/hash-pin.ts';
import { openSealedKey } from '../../sdk/sealed-key/open-sealed-key.ts';
import { spkiHash } from '../../sdk/sealed-key/sealed-key.ts';
import { type Answer, APP_PIN, type AppDevice } from '../e2e/app-device.ts';

/** A submission that is ready to be sent, any number of times. */
export interface RawSubmission {
  send: () => Promise<Answer>;
  /** Opens what came and makes the proof of the acknowledgement. */
  proofFor: (credentials: Answer) => string;
  /** SHA-256 of the public key, hex, as in the rows. */
  spkiSha256: string;
}

export async function rawSubmission({ call, enrollmentId }: AppDevice, waitSeconds = 10): Promise<RawSubmission> {
  const { challenge = '' } = parseView((await call('GET', '')).body);
  const userKey = await makeUserKey('EC:P-256');
  const deliveryKey = makeDeliveryKey();
  const csr = csrPem(buildCsr({ userKey, challenge, deliveryThumbprint: deliveryKey.thumbprint }));
  const body = { csr, deliveryKey: deliveryKey.jwk, deliveryFormat: 'jwe' };
  return {
    send: () => call('POST', '/csr', body, { prefer: `wait=${waitSeconds}` }),
    proofFor: (credentials) => {
      const { sdkCertificate: pem, value, sha256: sealedSha256 } = parseCredentials(credentials.body);
      const sdkCertificate = new X509Certificate(pem);
      const sdkKey = openSealedKey('jwe', { value, enrollmentId, deliveryKey, spki: spkiHash(sdkCertificate.publicKey) }, sdkCertificate);
      return makeAckProof({ sdkKey, enrollmentId, sealedSha256, sdkCertificate, now: new Date() });
    },
    spkiSha256: createHash('sha256').update(publicDer(userKey)).digest('hex'),
  };
}

function publicDer(key: Parameters<typeof makeAckProof>[0]['sdkKey']): Buffer {
  return createPublicKey(key).export({ format: 'der', type: 'spki' });
}

/** The PIN is hashed beforehand, so that the call itself is quick. */
export async function rawPin({ call }: AppDevice): Promise<() => Promise<Answer>> {
  const { pinParams, next } = parseView((await call('GET', '')).body);
  if (pinParams === undefined) throw new Error('no PIN is due');
  const { m, t, p, kid, salt } = pinParams;
  const value = await hashPin(APP_PIN, { m, t, p, kid, salt });
  const body = { mode: next === 'pin.setup' ? 'setup' : 'verify', attemptId: randomUUID(), pinHash: { v: 1, kid, value } };
  return () => call('PUT', '/pin', body);
}
