import { describe, expect, test } from 'vitest';
import { addressList } from '../../api/http/address-list.ts';
import { addressKey } from '../../api/limits/address-key.ts';

describe('what counts as one address', () => {
  test.each([
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['::FFFF:192.0.2.1', '192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:DB8:1:2::6', '2001:db8:1:2::/64'],
    ['2001:0db8:0001:0002::6', '2001:db8:1:2::/64'],
    ['2001:db8::6', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['', ''],
    ['192.0.2.1:4711', '192.0.2.1'],
    ['::ffff:192.0.2.1:4711', '192.0.2.1'],
    ['[::ffff:192.0.2.1]:4711', '192.0.2.1'],
    ['[2001:db8:1:2::6]', '2001:db8:1:2::/64'],
    ['[2001:db8:1:2::6]:4711', '2001:db8:1:2::/64'],
    ['[fe80::1%eth0]:4711', 'fe80:0:0:0::/64'],
    ['2001:db8:1:2::6:4711', '2001:db8:1:2::/64'],
  ])('%s → %s', (address, key) => expect(addressKey(address)).toBe(key));
});

describe('a list of proxies', () => {
  const isProxy = addressList(['10.0.0.0/8', '192.0.2.7', '2001:db8::/32']);
  test.each(['10.1.2.3', '::ffff:10.1.2.3', '192.0.2.7', '2001:db8:5::1', '10.1.2.3:443', '[2001:db8:5::1]:443'])('%s is one', (address) =>
    expect(isProxy(address)).toBe(true),
  );
  test.each(['11.0.0.1', '192.0.2.8', '2001:db9::1', '::1', '', 'nonsense', '11.0.0.1:443', '10.1.2.3:443:443', '[10.1.2.3'])(
    '%s is none',
    (address) => expect(isProxy(address)).toBe(false),
  );
  test('the empty list has nobody', () => expect(addressList([])('127.0.0.1')).toBe(false));
});
