import { getuid } from 'node:process';

export interface OpenedSecret {
  readonly env: string;
  readonly mode: number;
  readonly uid: number;
}

/**
 * One sentence for each secret that others on the machine may read or change. A group may read what belongs to root when this process
 * does not run as root: that is how container platforms hand a secret to a user without owning it (Kubernetes with fsGroup: 0440).
 * `who` is this process; where there are no users (Windows) nothing is said.
 */
export function* openToOthers(secrets: readonly OpenedSecret[], who = getuid?.()): Generator<string> {
  if (who === undefined) return;
  for (const { env, mode, uid } of secrets) {
    const handedOver = uid === 0 && who !== 0;
    const forbidden = handedOver ? 0o037 : 0o077;
    if ((mode & forbidden) !== 0)
      yield `${env} names a file that others may read or change (mode ${(mode & 0o777).toString(8)}). Give it mode 600, or 440 when it belongs to root and a group of this process.`;
  }
}
