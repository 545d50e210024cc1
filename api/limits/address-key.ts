import { isIP, isIPv6 } from 'node:net';
import { bareAddress } from '../http/bare-address.ts';

/** Whatever a proxy forwards that is no address: one for all, so that nobody makes itself another one by writing nonsense. */
const NO_ADDRESS = 'no address';

/**
 * What counts as one address, whatever port it came from and however it is spelled: IPv4 as it is; of IPv6 the /64, which one customer
 * has whole (RFC 6177).
 */
export function addressKey(address: string): string {
  const bare = bareAddress(address);
  if (isIP(bare) === 0) return NO_ADDRESS;
  return isIPv6(bare) ? `${groups(bare).slice(0, 4).join(':')}::/64` : bare;
}

/** The eight groups, `::` filled with zeros. */
function groups(address: string): string[] {
  const [head = '', tail] = address.toLowerCase().split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const middle = tail === undefined ? [] : Array.from({ length: 8 - left.length - right.length }, () => '0');
  return [...left, ...middle, ...right].map((group) => group.replace(/^0+(?=.)/, ''));
}
