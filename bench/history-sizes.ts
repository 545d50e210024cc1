import type { Client } from '@temporalio/client';
import proto, { type temporal } from '@temporalio/proto';
import { atConcurrency } from './at-concurrency.ts';

export interface HistorySizes {
  /** Histories looked at. */
  sample: number;
  /** Of one enrollment: mean and highest. */
  events: { mean: number; most: number };
  /** Encoded octets of all events (what is stored), mean and highest. */
  octets: { mean: number; most: number };
  /** Mean of one enrollment by type of event, the largest first. */
  byType: readonly { type: string; events: number; octets: number }[];
}

const { EventType } = proto.temporal.api.enums.v1;
const { HistoryEvent } = proto.temporal.api.history.v1;
const AT_A_TIME = 4;

interface TypedEvent {
  type: string;
  octets: number;
}

/** Fetches finished runs and counts their events and encoded octets. */
export async function historySizes({ workflow }: Client, workflowIds: readonly string[]): Promise<HistorySizes> {
  const histories = await atConcurrency(workflowIds, AT_A_TIME, async (id) => {
    const handle = workflow.getHandle(id);
    await handle.result();
    return ((await handle.fetchHistory()).events ?? []).map(measure);
  });
  const octets = histories.map((events) => sum(events.map((event) => event.octets)));
  return {
    sample: histories.length,
    events: meanAndMost(histories.map(({ length }) => length)),
    octets: meanAndMost(octets),
    byType: byType(histories),
  };
}

function measure(event: temporal.api.history.v1.IHistoryEvent): TypedEvent {
  const name = EventType[event.eventType ?? 0] ?? 'UNKNOWN';
  return { type: name.replace(/^EVENT_TYPE_/, ''), octets: HistoryEvent.encode(event).finish().length };
}

function byType(histories: readonly TypedEvent[][]): HistorySizes['byType'] {
  const all = histories.flat();
  return [...new Set(all.map(({ type }) => type))]
    .map((type) => {
      const same = all.filter((event) => event.type === type);
      return { type, events: same.length / histories.length, octets: sum(same.map(({ octets }) => octets)) / histories.length };
    })
    .toSorted((a, b) => b.octets - a.octets);
}

function meanAndMost(values: readonly number[]): { mean: number; most: number } {
  return { mean: sum(values) / values.length, most: Math.max(...values) };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
