import { describe, expect, test } from 'vitest';
import { loadConfig } from '../../config/load-config.ts';
import { environmentOf } from './process-environment.ts';

const api = (changed: Record<string, string>) => loadConfig('api', environmentOf('api', changed));

test('without a word no proxy is believed, and everything is limited', () => {
  const config = api({});
  expect([config.trustedProxies, config.rateLimits]).toEqual([[], true]);
  expect([config.rateAddress, config.rateToken, config.rateUser, config.rateClient]).toEqual([
    { points: 300, seconds: 60 },
    { points: 120, seconds: 60 },
    { points: 120, seconds: 300 },
    { points: 6_000, seconds: 60 },
  ]);
});

test('addresses and CIDR blocks of either family are proxies', () => {
  expect(api({ CS_TRUSTED_PROXIES: '10.0.0.0/8, 192.0.2.1,2001:db8::/32' }).trustedProxies).toEqual([
    '10.0.0.0/8',
    '192.0.2.1',
    '2001:db8::/32',
  ]);
});

test('of certificate and key both path and content are kept, because they are read again', () => {
  const { tlsCertificate, tlsKey } = api({});
  expect([tlsCertificate.path, tlsKey.path].every((path) => path.startsWith('/'))).toBe(true);
  expect([tlsCertificate.content, tlsKey.content].every((content) => content.includes('-----BEGIN'))).toBe(true);
});

describe('what does not fit is refused by name', () => {
  test.each([
    ['CS_TRUSTED_PROXIES', 'proxy.example.org'],
    ['CS_TRUSTED_PROXIES', '10.0.0.0/33'],
    ['CS_TRUSTED_PROXIES', 'true'],
    ['CS_RATE_ADDRESS', '300'],
    ['CS_RATE_TOKEN', '0/60'],
    ['CS_RATE_USER', '10/0'],
    ['CS_RATE_CLIENT', '-1/60'],
    ['CS_MAX_CONNECTIONS', '0'],
    ['CS_TLS_RELOAD_SECONDS', '0'],
    ['CS_RATE_LIMITS', 'no'],
  ])('%s=%s', (env, value) => expect(() => api({ [env]: value })).toThrow(env));

  test('no limits at all: not in production', () => {
    expect(() => api({ CS_RATE_LIMITS: 'false' })).toThrow('CS_RATE_LIMITS');
    expect(api({ CS_RATE_LIMITS: 'false', CS_ENV: 'development' }).rateLimits).toBe(false);
  });
});
