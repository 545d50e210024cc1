import { BlockList, isIPv6 } from 'node:net';

/** Networks that no stranger is in: RFC 1918, RFC 6598, loopback and link-local; RFC 4193, loopback and link-local of IPv6. */
const PRIVATE: ReadonlyArray<readonly [string, number]> = [
  ['10.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['fc00::', 7],
  ['::1', 128],
  ['fe80::', 10],
];
/** The largest blocks of load balancers that cloud providers publish are /13 and /28. */
const NARROWEST = { ipv4: 12, ipv6: 24 };
/** IPv4 written as IPv6 (RFC 4291 section 2.5.5, RFC 6052): the same bounds, 96 bits further. */
const MAPPED: ReadonlyArray<readonly [string, number]> = [
  ['::', 96],
  ['::ffff:0:0', 96],
  ['64:ff9b::', 96],
];

/** Whether a CIDR block reaches so far into the public internet that it is no list of proxies. A single address never is too wide. */
export function tooWide(entry: string): boolean {
  const [address = '', prefix] = entry.split('/');
  if (prefix === undefined) return false;
  const family = isIPv6(address) ? 'ipv6' : 'ipv4';
  const bits = Number(prefix);
  if (isPrivate(address, bits, family)) return false;
  return bits < (isMapped(address, family) ? 96 + NARROWEST.ipv4 : NARROWEST[family]);
}

function isPrivate(address: string, bits: number, family: 'ipv4' | 'ipv6'): boolean {
  return PRIVATE.some(([network, least]) => isIPv6(network) === (family === 'ipv6') && bits >= least && within(address, network, least));
}

function isMapped(address: string, family: 'ipv4' | 'ipv6'): boolean {
  return family === 'ipv6' && MAPPED.some(([network, bits]) => within(address, network, bits));
}

function within(address: string, network: string, bits: number): boolean {
  const family = isIPv6(network) ? 'ipv6' : 'ipv4';
  const list = new BlockList();
  list.addSubnet(network, bits, family);
  return list.check(address, family);
}
