import { isIPv4 } from 'node:net';

/** Whether what is sent to this host stays on this machine: 127.0.0.0/8, ::1, and localhost (RFC 6761 section 6.3). */
export function isLoopback(host: string): boolean {
  return host.toLowerCase() === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'));
}
