import { isIPv6, SocketAddress } from 'node:net';

/**
 * The address alone, in one spelling. Proxies write `192.0.2.1:4711` and `[2001:db8::1]:4711` into X-Forwarded-For too, Node
 * `::ffff:192.0.2.1` for IPv4 and `fe80::1%eth0` for a link; `::ffff:c000:201` is the same IPv4 address (RFC 4291 §2.5.5.2), and IPv6 has
 * many spellings (RFC 5952). What is no address comes back as it is.
 */
export function bareAddress(text: string): string {
  const [, bracketed] = /^\[([^\]]+)\](?::\d{1,5})?$/.exec(text) ?? [];
  const bare = (bracketed ?? text).replace(/%.*$/, '').replace(/(^|:)(\d+(?:\.\d+){3}):\d{1,5}$/, '$1$2');
  return isIPv6(bare) ? oneSpelling(bare) : bare;
}

function oneSpelling(address: string): string {
  return new SocketAddress({ address, family: 'ipv6' }).address.replace(/^::ffff:(?=\d+\.)/, '');
}
