import type { Check } from './health-listener.ts';

/**
 * Fails readiness while the clock of this process is further from the database's than it may be (protocol §1). The service judges time by the
 * database, but TLS, key sets and logs go by the machine: such a process must not be sent work.
 */
export function clockCheck(toleranceSeconds: number, differenceMs: () => Promise<number>): Check {
  return { name: 'clock', check: async () => judge(await differenceMs(), toleranceSeconds) };
}

function judge(differenceMs: number, toleranceSeconds: number): { ok: boolean; detail?: string } {
  const seconds = Math.round(Math.abs(differenceMs) / 1_000);
  if (Math.abs(differenceMs) <= toleranceSeconds * 1_000) return { ok: true };
  const side = differenceMs > 0 ? 'ahead of' : 'behind';
  return {
    ok: false,
    detail: `this clock is ${seconds} s ${side} the database's; ${toleranceSeconds} s are allowed: synchronise both machines`,
  };
}
