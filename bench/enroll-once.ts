import { randomUUID, X509Certificate } from 'node:crypto';
import { createEnrollmentResponse } from '../contract/http.ts';
import { makeAckProof } from '../sdk/acknowledge/make-ack-proof.ts';
import { checkKeyFits } from '../sdk/certificates/check-chain.ts';
import { buildCsr } from '../sdk/csr/build-csr.ts';
import { type CredentialsAnswer, parseAck, parseCredentials, parseView, type ViewAnswer } from '../sdk/https/parse-answers.ts';
import { openSealedKey } from '../sdk/sealed-key/open-sealed-key.ts';
import { spkiHash } from '../sdk/sealed-key/sealed-key.ts';
import type { Answer, HttpsClient } from './https-client.ts';
import { createEnrollment, type PreparedDevice } from './prepare-devices.ts';
import { Stopwatch } from './stopwatch.ts';

export interface EnrolledOnce {
  enrollmentId: string;
  /** Milliseconds inside the clock: in all, and by step. */
  totalMs: number;
  stepMs: Readonly<Record<string, number>>;
  /** Milliseconds of device work between the calls. */
  deviceMs: number;
  /** PEM. */
  certificates: readonly string[];
}

/** What the clock counts, in words. */
export const INSIDE_THE_CLOCK =
  'inside the clock: the HTTPS calls create, view, PIN (not when skipped), view, CSR (until the credentials are there), ack, from the first octet sent to the last received. ' +
  'Outside: keys, Argon2 of the PIN and access tokens (made before the pass); CSR building, opening the sealed key and the proof (between the calls: not in the latencies, in the wall time of the rate, and told as device work).';

interface Session {
  https: HttpsClient;
  device: PreparedDevice;
  watch: Stopwatch;
  id: string;
  token: string;
}

/** One whole enrollment of a prepared device. Throws on any answer that is not the expected one. */
export async function enrollOnce(https: HttpsClient, device: PreparedDevice, accessToken: string): Promise<EnrolledOnce> {
  const watch = new Stopwatch();
  const policy = device.pinCase === 'skip' ? 'skip-if-present' : 'verify';
  const created = await watch.call('create', () => createEnrollment(https, accessToken, device.userId, device.deviceId, policy));
  const { enrollmentId: id, enrollmentToken: token } = createEnrollmentResponse.parse(created);
  const session: Session = { https, device, watch, id, token };
  const view = await satisfyPin(session, await look(session));
  const credentials = await submit(session, view);
  const proof = watch.device(() => open(session, credentials));
  parseAck((await watch.call('ack', () => https.call({ method: 'POST', path: `${path(session)}/ack`, token, body: { proof } }))).body);
  const { totalMs, stepMs, deviceMs } = watch;
  return { enrollmentId: id, totalMs, stepMs, deviceMs, certificates: [credentials.userCertificate, credentials.sdkCertificate] };
}

function path({ id }: Session): string {
  return `/v1/enrollments/${id}`;
}

async function look(session: Session): Promise<ViewAnswer> {
  const { https, watch, token } = session;
  return parseView((await watch.call('view', () => https.call({ method: 'GET', path: path(session), token }))).body);
}

async function satisfyPin(session: Session, view: ViewAnswer): Promise<ViewAnswer> {
  const { https, device, watch, token } = session;
  if (device.pinCase === 'skip') return view;
  if (view.next !== `pin.${device.pinCase}` || view.pinParams?.kid !== device.pinHash.kid)
    throw new Error(`the PIN is not due: ${view.next}`);
  const body = { mode: device.pinCase, attemptId: randomUUID(), pinHash: device.pinHash };
  await watch.call('pin', () => https.call({ method: 'PUT', path: `${path(session)}/pin`, token, body }));
  return look(session);
}

async function submit(session: Session, { challenge }: ViewAnswer): Promise<CredentialsAnswer> {
  const { device, watch, https, token } = session;
  if (challenge === undefined) throw new Error('the view has no challenge');
  const csr = watch.device(() =>
    buildCsr({ userKey: device.userKey, challenge, deliveryThumbprint: device.deliveryKey.thumbprint }).toString('base64'),
  );
  const body = { csr, deliveryKey: device.deliveryKey.jwk, deliveryFormat: 'jwe' };
  const headers = { prefer: 'wait=25' };
  const answer = await watch.call('csr', async () => {
    const first = await https.call({ method: 'POST', path: `${path(session)}/csr`, token, body, headers });
    return untilIssued(session, first);
  });
  return parseCredentials(answer.body);
}

/** 202: it takes longer than the call waited. */
async function untilIssued(session: Session, first: Answer): Promise<Answer> {
  let answer = first;
  while (answer.status === 202) {
    const { https, token } = session;
    answer = await https.call({ method: 'GET', path: `${path(session)}/credentials`, token, headers: { prefer: 'wait=25' } });
  }
  return answer;
}

function open(
  { device, id: enrollmentId }: Session,
  { value, sha256: sealedSha256, userCertificate, sdkCertificate }: CredentialsAnswer,
): string {
  checkKeyFits(new X509Certificate(userCertificate), device.userKey);
  const sdk = new X509Certificate(sdkCertificate);
  const sdkKey = openSealedKey('jwe', { value, enrollmentId, deliveryKey: device.deliveryKey, spki: spkiHash(sdk.publicKey) }, sdk);
  return makeAckProof({ sdkKey, enrollmentId, sealedSha256, sdkCertificate: sdk, now: new Date() });
}
