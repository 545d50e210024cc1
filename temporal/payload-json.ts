import type { Payload } from '@temporalio/common';
import { codecRefusal } from './codec-refusal.ts';

const BASE64 = /^[A-Za-z0-9+/_-]*={0,2}$/;

/** `{payloads: [{metadata: {name: base64}, data: base64}]}`, as protobuf JSON writes it. Refuses everything else with 400. */
export function parsePayloads(body: string): Payload[] {
  const payloads = member(parseJson(body), 'payloads');
  if (!Array.isArray(payloads)) throw malformed('The body is {"payloads": […]}.');
  return payloads.map(parsePayload);
}

export function renderPayloads(payloads: readonly Payload[]): object {
  return { payloads: payloads.map(({ metadata, data }) => ({ metadata: encodeAll(metadata ?? {}), data: toBase64(data) })) };
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    throw malformed('The body is not JSON.');
  }
}

function parsePayload(value: unknown): Payload {
  const metadata = member(value, 'metadata') ?? {};
  if (typeof metadata !== 'object') throw malformed('The metadata of a payload is an object.');
  const entries = Object.entries(metadata).map(([name, text]: [string, unknown]) => [name, fromBase64(text)] as const);
  return { metadata: Object.fromEntries(entries), data: fromBase64(member(value, 'data') ?? '') };
}

function member(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null) throw malformed('A payload is an object.');
  return Reflect.get(value, name);
}

/** Protobuf JSON allows both alphabets, with and without padding. */
function fromBase64(text: unknown): Uint8Array {
  if (typeof text !== 'string' || !BASE64.test(text)) throw malformed('data and metadata are base64.');
  return new Uint8Array(Buffer.from(text, 'base64'));
}

function toBase64(octets: Uint8Array | null | undefined): string {
  return Buffer.from(octets ?? []).toString('base64');
}

function encodeAll(metadata: Record<string, Uint8Array>): Record<string, string> {
  return Object.fromEntries(Object.entries(metadata).map(([name, octets]) => [name, toBase64(octets)]));
}

function malformed(sentence: string): Error {
  return codecRefusal(400, 'invalid_json', sentence);
}
