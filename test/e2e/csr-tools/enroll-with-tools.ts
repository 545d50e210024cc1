import { createPublicKey, X509Certificate } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import { decodeCsrText } from '../../../core/csr/csr-text.ts';
import { makeAckProof } from '../../../sdk/acknowledge/make-ack-proof.ts';
import { type DeliveryKey, makeDeliveryKey } from '../../../sdk/csr/delivery-key.ts';
import { DerReader } from '../../../sdk/der/read-der.ts';
import { parseCredentials, parseView } from '../../../sdk/https/parse-answers.ts';
import { openSealedKey } from '../../../sdk/sealed-key/open-sealed-key.ts';
import { spkiHash } from '../../../sdk/sealed-key/sealed-key.ts';
import { type Answer, type AppDevice, appDevice } from '../app-device.ts';
import type { RunningStack } from '../running-stack.ts';
import { type CsrTool, csrTools } from './csr-tools-page.ts';
import { type MadeRequest, makeRequest } from './make-request.ts';
import { CSR_TOOL_NAMES, missingFor } from './missing-for.ts';

/** A JVM, a Go compiler and a key of RSA at once, on a machine that others share. */
const TIMEOUT_MS = 180_000;

interface Trial {
  device: AppDevice;
  deliveryKey: DeliveryKey;
  made: MadeRequest;
}

/** Each tool of docs/csr-tools.md makes its request by the page's own commands, all at once; the first enrollment of the user chose the PIN. */
export function enrollWithTools(running: () => RunningStack): void {
  describe('requests that common tools made, through a whole enrollment', () => {
    const tools = csrTools();
    beforeAll(async () => {
      await running().enroll({ userId: 'u-tools', deviceId: 'd-first' });
    }, 120_000);

    test('the page has a section for every tool, and no other', () => {
      expect(tools.map(({ name }) => name)).toEqual(CSR_TOOL_NAMES);
    });

    for (const tool of tools) {
      const missing = missingFor(tool.name);
      const title = missing === undefined ? titleOf(tool) : `${tool.name}: skipped, ${missing}`;
      test.skipIf(missing !== undefined).concurrent(title, { timeout: TIMEOUT_MS }, () => enrollWith(running(), tool));
    }
  });
}

async function enrollWith(stack: RunningStack, tool: CsrTool): Promise<void> {
  const trial = await prepare(stack, tool);
  if (tool.plainRefusedAs !== undefined) {
    const refused = await submit(trial, trial.made.plain ?? '');
    expect(refused).toMatchObject({ status: 422, body: { code: tool.plainRefusedAs } });
  }
  const issued = await submit(trial, trial.made.request);
  expect(issued).toMatchObject({ status: 200 });
  expect(userKeyOf(issued)).toEqual(keyIn(trial.made.request));
  const ack = await trial.device.call('POST', '/ack', { proof: proofOf(trial, issued) });
  expect(ack).toMatchObject({ status: 200, body: { state: 'completed', receipt: expect.any(String) } });
}

function titleOf({ name, plainRefusedAs }: CsrTool): string {
  if (plainRefusedAs === undefined) return `${name}: enrolled`;
  return `${name}: what it writes by itself is ${plainRefusedAs} and nothing else; with the attribute it is enrolled`;
}

async function prepare(stack: RunningStack, tool: CsrTool): Promise<Trial> {
  const device = await appDevice(stack, { userId: 'u-tools', pin: 'skip-if-present' });
  const { challenge = '' } = parseView((await device.call('GET', '')).body);
  const deliveryKey = makeDeliveryKey();
  const made = await makeRequest(tool, { challenge, thumbprint: deliveryKey.thumbprint.toString('hex') });
  return { device, deliveryKey, made };
}

function submit({ device, deliveryKey }: Trial, csr: string): Promise<Answer> {
  return device.call(
    'POST',
    '/csr',
    { csr, deliveryKey: deliveryKey.jwk, deliveryFormat: 'jwe', sdkKey: 'EC:P-256' },
    { prefer: 'wait=20' },
  );
}

function userKeyOf({ body }: Answer): Buffer {
  return new X509Certificate(parseCredentials(body).userCertificate).publicKey.export({ format: 'der', type: 'spki' });
}

function keyIn(csrText: string): Buffer {
  const text = decodeCsrText(csrText);
  if (!text.ok) throw new Error('the gate did not read it');
  const info = new DerReader(DerReader.one(text.der, 0x30).content).enter(0x30);
  for (const tag of [0x02, 0x30]) info.next(tag);
  return createPublicKey({ key: info.next(0x30).encoding, format: 'der', type: 'spki' }).export({ format: 'der', type: 'spki' });
}

function proofOf({ device: { enrollmentId }, deliveryKey }: Trial, { body }: Answer): string {
  const { sdkCertificate: pem, value, sha256: sealedSha256 } = parseCredentials(body);
  const sdkCertificate = new X509Certificate(pem);
  const sdkKey = openSealedKey('jwe', { value, enrollmentId, deliveryKey, spki: spkiHash(sdkCertificate.publicKey) }, sdkCertificate);
  return makeAckProof({ sdkKey, enrollmentId, sealedSha256, sdkCertificate, now: new Date() });
}
