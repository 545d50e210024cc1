import { createRemoteJWKSet, customFetch, type JWTVerifyGetKey } from 'jose';
import { type KeySetFault, keySetFault } from './key-set-fault.ts';
import { withoutNullMembers } from './without-null-members.ts';

export interface KeySetOptions {
  url: string;
  /** How old a key set may become before it is asked for again. */
  freshMs: number;
  /** How much longer it is used when it cannot be had again; then the callers meet 503. */
  staleMs: number;
  /** Pause between two requests for it, whether for its age or for a key id that it does not know. */
  cooldownMs: number;
  timeoutMs: number;
  now: () => number;
  /** Told why a key set could not be had, a sentence each. */
  onFault?: (sentence: string) => void;
}

/** No set of public keys is larger; what is, is not read to its end. */
const MAX_OCTETS = 262_144;

/**
 * Keys of a JWK Set (RFC 7517) behind a URL, by `kid`. A key id that is not known makes it ask once, then not again for the cooldown.
 * jose forgets a set whose time is over although no newer one can be had (ADR 25): here it goes on for `staleMs`, then fails closed.
 * Throws what jose throws, or KeySetUnavailable.
 */
export function remoteKeySet(options: KeySetOptions): JWTVerifyGetKey {
  const { cooldownMs, now } = options;
  let held: { json: unknown; at: number } | undefined;
  let triedAt: number | undefined;
  const ask = async (url: string, init: RequestInit): Promise<Response> => {
    if (triedAt !== undefined && now() < triedAt + cooldownMs) return tooSoon(held, triedAt);
    triedAt = now();
    const json = await fetchKeySet(url, init).catch((error: unknown) => {
      options.onFault?.(sentenceOf(error));
      throw error instanceof KeySetUnavailable ? error : new KeySetUnavailable('cannot be had');
    });
    held = { json, at: triedAt };
    return Response.json(json);
  };
  const keys = createRemoteJWKSet(new URL(options.url), {
    timeoutDuration: options.timeoutMs,
    // Both are decided here, by one clock.
    cooldownDuration: 0,
    cacheMaxAge: Number.POSITIVE_INFINITY,
    [customFetch]: ask,
  });
  return async (header, token) => {
    const age = held === undefined ? Number.POSITIVE_INFINITY : now() - held.at;
    if (age >= options.freshMs) await keys.reload().catch((error: unknown) => goOn(age, options, error));
    return keys(header, token);
  };
}

/** The key set cannot be had: nobody is let in, and nobody is told that his token is wrong. */
export class KeySetUnavailable extends Error {
  override readonly name = 'KeySetUnavailable';
}

/** The last request told what there is, or failed: until the pause is over that is the answer. */
function tooSoon(held: { json: unknown; at: number } | undefined, triedAt: number): Response {
  if (held?.at !== triedAt) throw new KeySetUnavailable('could not be had a moment ago');
  return Response.json(held.json);
}

function goOn(age: number, { freshMs, staleMs }: KeySetOptions, error: unknown): void {
  if (age >= freshMs + staleMs) throw error;
}

/** One GET: no redirect followed, at most 256 KiB, and only a set of public keys. */
async function fetchKeySet(url: string, init: RequestInit): Promise<unknown> {
  const response = await fetch(url, { ...init, redirect: 'manual' });
  if (response.status !== 200) throw new KeySetUnavailable(`was answered ${response.status} and not 200`);
  const set = withoutNullMembers(parse(await textOf(response)));
  const fault: KeySetFault | undefined = keySetFault(set);
  if (fault !== undefined) throw new KeySetUnavailable(fault);
  return set;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new KeySetUnavailable('is not JSON');
  }
}

async function textOf(response: Response): Promise<string> {
  const parts: Uint8Array[] = [];
  let octets = 0;
  const body: AsyncIterable<Uint8Array> = response.body ?? emptyBody();
  for await (const part of body) {
    octets += part.length;
    if (octets > MAX_OCTETS) throw new KeySetUnavailable(`is larger than ${MAX_OCTETS} octets`);
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

async function* emptyBody(): AsyncIterable<Uint8Array> {
  // A response without a body is an empty text.
}

function sentenceOf(error: unknown): string {
  if (error instanceof KeySetUnavailable) return `The key set ${error.message}.`;
  return `The key set cannot be had (${error instanceof Error ? error.name : 'failed'}).`;
}
