/** What the Temporal client throws from a timer when it tries a call again on a connection that we have closed. */
const LATE_RETRY = 'Channel has been shut down';

export interface LastWords {
  /** From now on a late retry of the Temporal client is no failure. */
  stopping(): void;
}

/**
 * An error that nobody catches ends the process, as Node would, but told by us: Node prints message and members to the terminal, and a
 * library's message may quote a secret.
 */
export function lastWords(tell: (error: unknown) => void): LastWords {
  let stopping = false;
  process.on('uncaughtException', (error) => {
    if (stopping && error.message === LATE_RETRY) return;
    tell(error);
    process.exit(1);
  });
  return {
    stopping: () => {
      stopping = true;
    },
  };
}
