import type { CardStore } from '../sdk/card/card-store.ts';
import type { VirtualCard } from '../sdk/index.ts';
import type { DeviceStory, Ground } from './device-story.ts';

/** Asks for the credentials twice more: both answers must be the same octets, and say what the card took from the first one. */
export async function checkRepetition({ dev, calls }: Ground, token: string, store: CardStore, story: DeviceStory): Promise<void> {
  const url = `${dev.api}/v1/enrollments/${story.enrollmentId}/credentials`;
  const headers = { authorization: `Bearer ${token}` };
  const first = await calls.call('GET', url, { headers });
  const second = await calls.call('GET', url, { headers });
  const { checked } = store.journal;
  if (first.status !== 200 || second.status !== 200 || checked === undefined) return;
  if (first.text !== second.text) story.differences.push('credentials: two answers differ');
  const kept = [checked.userCertificate, checked.sdkCertificate, ...checked.userChain, ...checked.sdkChain, checked.sealedSha256];
  if (!kept.every((value) => first.text.includes(JSON.stringify(value)))) story.differences.push('credentials: not what the card stored');
}

/** After the acknowledgement: the same receipt for ever, and nothing to deliver. Any proof will do: a completed row looks at none. */
export async function checkAfterTheEnd({ dev, calls }: Ground, token: string, card: VirtualCard, story: DeviceStory): Promise<void> {
  const url = `${dev.api}/v1/enrollments/${story.enrollmentId}`;
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const body = JSON.stringify({ proof: 'a.b.c' });
  const answers = [await calls.call('POST', `${url}/ack`, { headers, body }), await calls.call('POST', `${url}/ack`, { headers, body })];
  const receipt = card.receipt()?.jws ?? 'none';
  for (const { status, text } of answers)
    if (status !== 200 || !text.includes(JSON.stringify(receipt))) story.differences.push(`receipt: ${status}, not the one on the card`);
  const gone = await calls.call('GET', `${url}/credentials`, { headers });
  if (gone.status !== 410) story.differences.push(`credentials after the acknowledgement: ${gone.status}`);
}
