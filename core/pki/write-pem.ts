import type { PublicLabel } from './der-or-pem.ts';

/** One PEM block, lines of 64 characters, a line feed at the end (RFC 7468 §2). Pure. */
export function writePem(label: PublicLabel, der: Uint8Array): string {
  const base64 = Buffer.from(der).toString('base64');
  const lines = base64.match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}
