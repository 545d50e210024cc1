import { WEAK_PINS } from './weak-pins.ts';

const WEAK = new Set(WEAK_PINS);

/**
 * The service never sees the digits, so only the SDK can enforce policy and list. Returns why a PIN cannot be taken, or undefined.
 * `verify` looks at the form only: a weak PIN that exists must still open.
 */
export function pinRefusal(
  pin: string,
  mode: 'setup' | 'verify',
  policy: Readonly<{ min: number; max: number }>,
): 'pin_against_policy' | 'pin_weak' | undefined {
  if (!/^[0-9]+$/.test(pin) || pin.length < policy.min || pin.length > policy.max) return 'pin_against_policy';
  return mode === 'setup' && (WEAK.has(pin) || isPattern(pin)) ? 'pin_weak' : undefined;
}

/** One digit repeated, or a run up or down: a list cannot hold these for every length. */
function isPattern(pin: string): boolean {
  const steps = new Set(Array.from(pin.slice(1), (digit, i) => (Number(digit) - Number(pin[i]) + 10) % 10));
  return steps.size === 1 && [0, 1, 9].some((step) => steps.has(step));
}
