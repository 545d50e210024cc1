import type { FaultPoint } from './fault-points.ts';

/** Told of every point that this process reaches; its promise holds the process there. */
export type FaultListener = (point: FaultPoint, about: string) => Promise<void>;

let listener: FaultListener | undefined;

/**
 * Says that the process stands at a named point. Does nothing at all unless a fault runner armed this process at its start, which
 * production refuses (ADR 33). `about`: ids and serials, never a secret.
 */
export async function reach(point: FaultPoint, about = ''): Promise<void> {
  if (listener !== undefined) await listener(point, about);
}

/** Once, at the start of a process; undefined disarms. */
export function listenAtFaultPoints(told: FaultListener | undefined): void {
  listener = told;
}
