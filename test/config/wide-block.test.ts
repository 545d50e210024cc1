import { describe, expect, test } from 'vitest';
import { loadConfig } from '../../config/load-config.ts';
import { environmentOf } from './process-environment.ts';

const start =
  (proxies: string, changes = {}) =>
  () =>
    loadConfig('api', environmentOf('api', { CS_TRUSTED_PROXIES: proxies, ...changes }));

describe('CS_TRUSTED_PROXIES in production', () => {
  test.each([
    '0.0.0.0/0',
    '::/0',
    '0.0.0.0/1',
    '128.0.0.0/1',
    '10.0.0.0/7',
    '8.0.0.0/8',
    '::ffff:0:0/96',
    '::ffff:0.0.0.0/96',
    '::/1',
    '64:ff9b::/96',
    '2000::/3',
    '2600::/16',
    'fc00::/6',
    '192.0.2.1,0.0.0.0/0',
  ])('refuses %s, in which strangers are', (proxies) => {
    expect(start(proxies)).toThrow(/CS_TRUSTED_PROXIES has \S+: any stranger in it could say to be somebody else\./);
    expect(start(proxies, { CS_ENV: 'development' })).not.toThrow();
  });

  test.each([
    '',
    '192.0.2.1',
    '2001:db8::1',
    '10.0.0.0/8',
    '172.16.0.0/12',
    '192.168.0.0/16',
    '100.64.0.0/10',
    '127.0.0.0/8',
    'fc00::/7',
    'fd12:3456::/32',
    '130.176.0.0/16',
    '3.160.0.0/14',
    '2600:9000::/28',
    '2a06:98c0::/29',
    '::ffff:192.0.2.0/120',
    '0.0.0.0/32',
  ])('takes %j', (proxies) => expect(start(proxies)).not.toThrow());
});
