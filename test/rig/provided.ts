/** Of every database role of the test server, which listens on loopback and is gone after the run. */
export const ROLE_PASSWORD = 'test';

/** What global-setup.ts hands to every test file (vitest's provide and inject). */
export interface Provided {
  /** Superuser URL of the database `postgres`. */
  postgresUrl: string;
  temporalAddress: string;
  workflowBundle: { path: string } | { fault: string };
}

declare module 'vitest' {
  interface ProvidedContext {
    rig: Provided;
  }
}
