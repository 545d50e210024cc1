import { setTimeout as sleep } from 'node:timers/promises';
import { WorkflowNotFoundError } from '@temporalio/client';
import { Worker } from '@temporalio/worker';
import { readDer } from '../core/asn1/read-der.ts';
import { readVerifiedCrl } from '../core/pki/read-verified-crl.ts';
import type { FaultyStack } from './faulty-stack.ts';

/** What Temporal says of an enrollment's run. */
export interface RunFacts {
  status: string;
  /** Serial numbers that any decoded payload of the history holds. */
  serials: string[];
  /** Why today's code does not replay its history. */
  replayFault?: string;
}

const SERIAL = /(?<![0-9a-f-])[4-7][0-9a-f]{31}(?![0-9a-f-])/g;

/** Undefined: no run of this enrollment was ever started. */
export function readStatus({ temporal }: Pick<FaultyStack, 'temporal'>, enrollmentId: string): Promise<string | undefined> {
  return ifThere(async () => (await temporal.workflow.getHandle(`enr-${enrollmentId}`).describe()).status.name);
}

/** Reads, decodes and replays the history of an enrollment's run. Undefined: there is none. */
export function readRun(stack: Pick<FaultyStack, 'temporal' | 'dev'>, enrollmentId: string): Promise<RunFacts | undefined> {
  const { temporal } = stack;
  const workflowId = `enr-${enrollmentId}`;
  return ifThere(async () => {
    const handle = temporal.workflow.getHandle(workflowId);
    const { status } = await handle.describe();
    const history = await handle.fetchHistory();
    const texts: string[] = [];
    for (const payload of payloadsIn(history)) texts.push(...(await decode(temporal.options.loadedDataConverter.payloadCodecs, payload)));
    const serials = [...new Set(texts.flatMap((text) => text.match(SERIAL) ?? []))];
    return { status: status.name, serials, ...(await replay(stack, history, workflowId)) };
  });
}

async function ifThere<Result>(ask: () => Promise<Result>): Promise<Result | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return undefined;
    throw error;
  }
}

type History = Parameters<typeof Worker.runReplayHistory>[1];

/** A killed worker must not leave a history that the next one cannot go on with. */
async function replay({ temporal, dev }: Pick<FaultyStack, 'temporal' | 'dev'>, history: History, workflowId: string) {
  const codePath = dev.environments['worker']?.['CS_WORKFLOW_BUNDLE'] ?? '';
  const { dataConverter } = temporal.options;
  try {
    await Worker.runReplayHistory(
      { workflowBundle: { codePath }, ...(dataConverter === undefined ? {} : { dataConverter }) },
      history,
      workflowId,
    );
    return {};
  } catch (error) {
    return { replayFault: error instanceof Error ? error.message : 'unknown' };
  }
}

type Codecs = FaultyStack['temporal']['options']['loadedDataConverter']['payloadCodecs'];
type Payload = Parameters<Codecs[number]['decode']>[0][number];

async function decode(codecs: Codecs, payload: Payload): Promise<string[]> {
  let payloads = [payload];
  for (const codec of codecs) payloads = await codec.decode(payloads);
  return payloads.map(({ data }) => Buffer.from(data ?? []).toString('utf8'));
}

/** Wherever an object of the history has `metadata` and `data` it is a payload. */
function* payloadsIn(value: unknown): Generator<Payload> {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return;
  const data: unknown = Reflect.get(value, 'data');
  const metadata: unknown = Reflect.get(value, 'metadata');
  if (data instanceof Uint8Array && typeof metadata === 'object' && metadata !== null) yield { data, metadata: octetsOf(metadata) };
  else for (const member of Object.values(value)) yield* payloadsIn(member);
}

function octetsOf(metadata: object): Record<string, Uint8Array> {
  return Object.fromEntries(Object.entries(metadata).filter((entry): entry is [string, Uint8Array] => entry[1] instanceof Uint8Array));
}

/** Serials on the published CRLs of both issuing CAs, lower-case hex; their signatures are verified. */
export async function readCrls({ dev: { publicFiles } }: Pick<FaultyStack, 'dev'>): Promise<Set<string>> {
  // A new CRL is published a second after it was stored.
  await sleep(1_200);
  const serials = new Set<string>();
  for (const issuer of ['issuing-rsa', 'issuing-ec']) {
    const certificate = await download(`${publicFiles}/ca/${issuer}.cer`);
    const { revoked } = readVerifiedCrl(await download(`${publicFiles}/crl/${issuer}.crl`), certificate);
    for (const entry of revoked === undefined ? [] : readDer(revoked).children) {
      const [serial] = entry.children;
      if (serial !== undefined) serials.add(Buffer.from(serial.content).toString('hex'));
    }
  }
  return serials;
}

async function download(url: string): Promise<Uint8Array> {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`GET ${url}: ${answer.status}`);
  return new Uint8Array(await answer.arrayBuffer());
}
