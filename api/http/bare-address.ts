/**
 * The address alone: proxies write `192.0.2.1:4711` and `[2001:db8::1]:4711` into X-Forwarded-For too, Node `::ffff:192.0.2.1` for IPv4 and
 * `fe80::1%eth0` for a link. What is no address comes back as it is.
 */
export function bareAddress(text: string): string {
  const [, bracketed] = /^\[([^\]]+)\](?::\d{1,5})?$/.exec(text) ?? [];
  return (bracketed ?? text)
    .replace(/^::ffff:(?=\d+\.)/i, '')
    .replace(/%.*$/, '')
    .replace(/^(\d+(?:\.\d+){3}):\d{1,5}$/, '$1');
}
