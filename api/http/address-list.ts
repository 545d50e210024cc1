import { BlockList, isIPv6 } from 'node:net';
import { bareAddress } from './bare-address.ts';

/** Whether an address is one of these addresses or lies in one of these CIDR blocks, however it is written, with a port too. */
export function addressList(entries: readonly string[]): (address: string) => boolean {
  const list = new BlockList();
  for (const entry of entries) {
    const [address = '', prefix] = entry.split('/');
    if (prefix === undefined) list.addAddress(address, familyOf(address));
    else list.addSubnet(address, Number(prefix), familyOf(address));
  }
  return (address) => {
    const bare = bareAddress(address);
    return bare !== '' && list.check(bare, familyOf(bare));
  };
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIPv6(address) ? 'ipv6' : 'ipv4';
}
