export interface WantedPort {
  port: number;
  /** What listens there, in words: `public API`. */
  role: string;
  /** How to change it: `--api-port`. */
  option: string;
  /** Default: 127.0.0.1. */
  host?: string;
}

/** Why a part of the stack cannot listen, and what to do, by the code of the system; undefined when it can. */
export function portSentence({ port, role, option }: WantedPort, host: string, code: string | undefined): string | undefined {
  switch (code) {
    case undefined:
      return undefined;
    case 'EADDRINUSE':
      return `Port ${port} for the ${role} is taken by another process; stop that one or choose another port with ${option}.`;
    case 'EACCES':
      return `Port ${port} for the ${role} may not be listened on by this user; choose one of 1024 or more with ${option}.`;
    default:
      return `Port ${port} for the ${role} cannot be listened on at ${host} (${code}); choose another port with ${option}.`;
  }
}
