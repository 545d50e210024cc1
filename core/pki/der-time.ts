import type { DerNode } from '../asn1/read-der.ts';
import { tlv } from '../asn1/write-der.ts';

const UTC_TIME = 0x17;
const GENERALIZED_TIME = 0x18;

/** RFC 5280 §4.1.2.5: UTCTime through 2049, GeneralizedTime from 2050, seconds and Z always, no fraction. Milliseconds are cut off. */
export function derTime(date: Date): Uint8Array {
  const digits = date.toISOString().replaceAll(/[-:T]/g, '').slice(0, 14);
  const [tag, text] = date.getUTCFullYear() < 2050 ? [UTC_TIME, digits.slice(2)] : [GENERALIZED_TIME, digits];
  return tlv(tag, new TextEncoder().encode(`${text}Z`));
}

/** The instant of a time in the form of RFC 5280 §4.1.2.5, or undefined when it has another form or is no date. */
export function readDerTime(node: DerNode): Date | undefined {
  const text = Buffer.from(node.content).toString('latin1');
  if (node.tag === UTC_TIME && /^\d{12}Z$/.test(text)) return instantOf(`${Number(text.slice(0, 2)) < 50 ? '20' : '19'}${text}`);
  if (node.tag === GENERALIZED_TIME && /^\d{14}Z$/.test(text)) return instantOf(text);
  return undefined;
}

function instantOf(text: string): Date | undefined {
  const iso = text.replace(/^(....)(..)(..)(..)(..)(..)Z$/, '$1-$2-$3T$4:$5:$6.000Z');
  const date = new Date(iso);
  // A day like 31 February either does not parse or comes back as another one.
  return !Number.isNaN(date.getTime()) && date.toISOString() === iso ? date : undefined;
}
