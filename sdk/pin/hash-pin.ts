import { hashRaw } from '@node-rs/argon2';
import type { PinParams } from '../../contract/http.ts';
import { SdkError } from '../sdk-error.ts';

const ARGON2ID = 2;
const VERSION_0X13 = 1;

/** What the SDK hashes with, after `checkPinParams`. `m` in KiB. */
export type CheckedPinParams = Pick<PinParams, 'm' | 't' | 'p' | 'kid' | 'salt'>;

/** `pinParams` as they came in a view. */
export type UncheckedPinParams = Readonly<{
  v: number;
  alg: string;
  m: number;
  t: number;
  p: number;
  len: number;
  kid: string;
  salt: string;
}>;

/**
 * Refuses parameters under which the PIN would be too easy to guess from its hash, or that would freeze the phone: someone who can answer
 * for the service must not get a cheap hash. Throws `pin_params_refused`: tell the user to update the app, never hash anyway.
 */
export function checkPinParams(params: UncheckedPinParams): CheckedPinParams {
  const { v, alg, m, t, p, len, kid, salt } = params;
  const wrong = [
    v !== 1 && `v ${v}`,
    alg !== 'argon2id' && `alg ${alg}`,
    !within(m, 19_456, 1_048_576) && `m ${m}`,
    !within(t, 2, 64) && `t ${t}`,
    !within(p, 1, 16) && `p ${p}`,
    len !== 32 && `len ${len}`,
    !/^[A-Za-z0-9_-]{21}[AQgw]$/.test(salt) && 'salt',
  ].filter((text) => text !== false);
  if (wrong.length > 0)
    throw new SdkError('pin_params_refused', `the service asks for PIN parameters that are refused: ${wrong.join(', ')}`);
  return { m, t, p, kid, salt };
}

/** b64u of Argon2id 0x13 (raw, 32 octets, no secret) of the ASCII digits. Some 10–500 ms: off the UI thread. */
export async function hashPin(pin: string, { m, t, p, salt }: CheckedPinParams): Promise<string> {
  const digits = Buffer.from(pin, 'ascii');
  const hash = await hashRaw(digits, {
    algorithm: ARGON2ID,
    version: VERSION_0X13,
    memoryCost: m,
    timeCost: t,
    parallelism: p,
    outputLen: 32,
    salt: Buffer.from(salt, 'base64url'),
  });
  digits.fill(0);
  return hash.toString('base64url');
}

function within(value: number, low: number, high: number): boolean {
  return Number.isInteger(value) && value >= low && value <= high;
}
