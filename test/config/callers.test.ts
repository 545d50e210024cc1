import { describe, expect, test } from 'vitest';
import { ConfigError, loadConfig } from '../../config/load-config.ts';
import { parsePartners } from '../../config/partners-file.ts';
import { type TestCertificate, testCa, testCertificate } from '../api-real/stand/test-pki.ts';
import { environmentOf, fileWith } from './process-environment.ts';

const [root, partnerCa, tlsCa] = [await testCa('OUR ROOT'), await testCa('PARTNER CA'), await testCa('TLS CA')];
const issuingEc = await testCa('OUR EC CA', { issuer: root });
const issuingRsa = await testCa('OUR RSA CA', { issuer: root });
const tls = await testCertificate({ name: 'api', issuer: tlsCa });
const PARTNERS = { partners: [{ san: 'URI:spiffe://p.example.org/ts', clientId: 'ts-a', scopes: ['enrollment:create'] }] };

const pemsOf = (...certificates: TestCertificate[]) => fileWith(certificates.map(({ pem }) => pem).join('\n'));
const files = {
  CS_PARTNER_PORT: '8445',
  CS_PARTNERS_FILE: fileWith(JSON.stringify(PARTNERS)),
  CS_PARTNER_CA_FILE: pemsOf(partnerCa),
  CS_ROOT_CERT_FILE: pemsOf(root),
  CS_ISSUING_RSA_CERT_FILE: pemsOf(issuingRsa),
  CS_ISSUING_EC_CERT_FILE: pemsOf(issuingEc),
  CS_TLS_CERT_FILE: pemsOf(tls, tlsCa),
  CS_TLS_KEY_FILE: fileWith(tls.keyPem),
};

function problems(changes: Record<string, string | undefined>): string[] {
  try {
    loadConfig('api', environmentOf('api', changes));
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.message.split('\n  - ').slice(1);
    throw error;
  }
}

describe('the partner listener', () => {
  test('starts with a CA that has nothing to do with ours', () => {
    expect(problems(files)).toEqual([]);
  });

  test.each(['CS_PARTNERS_FILE', 'CS_PARTNER_CA_FILE', 'CS_ROOT_CERT_FILE', 'CS_ISSUING_RSA_CERT_FILE', 'CS_ISSUING_EC_CERT_FILE'])(
    'without %s it does not start: trust stores that cannot be compared may be the same',
    (env) => {
      expect(problems({ ...files, [env]: undefined })).toEqual([expect.stringMatching(`^${env} is not set, but CS_PARTNER_PORT is set`)]);
    },
  );

  test('trust stores are disjoint: no CA of ours, none above or below, none with a key of one', async () => {
    const crossed = await testCa('PARTNER CA', { keys: issuingEc.keys });
    const below = await testCa('PARTNER CA', { issuer: issuingEc });
    const above = await testCa('SOMEBODY');
    const ourRootBelow = await testCa('OUR ROOT', { issuer: above });
    const cases: [string, Record<string, string>][] = [
      ['our root', { CS_PARTNER_CA_FILE: pemsOf(root) }],
      ['our issuing CA beside a good one', { CS_PARTNER_CA_FILE: pemsOf(partnerCa, issuingRsa) }],
      ['another certificate for the key of our issuing CA', { CS_PARTNER_CA_FILE: pemsOf(crossed) }],
      ['a CA that our issuing CA made', { CS_PARTNER_CA_FILE: pemsOf(below) }],
      ['the CA that made our root', { CS_PARTNER_CA_FILE: pemsOf(above), CS_ROOT_CERT_FILE: pemsOf(ourRootBelow) }],
      ['the TLS CA', { CS_PARTNER_CA_FILE: pemsOf(tlsCa) }],
      ['the TLS CA, which is not in the chain that we send', { CS_PARTNER_CA_FILE: pemsOf(tlsCa), CS_TLS_CERT_FILE: pemsOf(tls) }],
    ];
    for (const [what, changes] of cases)
      expect(problems({ ...files, ...changes }), what).toEqual([expect.stringMatching(/^CS_PARTNER_CA_FILE holds "CN=.*Use a CA that/)]);
  });

  test('a partner CA that is no CA, and a file that holds no certificate', async () => {
    const leaf = await testCertificate({ name: 'LEAF' });
    expect(problems({ ...files, CS_PARTNER_CA_FILE: pemsOf(leaf) })).toEqual([expect.stringContaining('"CN=LEAF", which is no CA')]);
    const broken = fileWith('-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n');
    expect(problems({ ...files, CS_PARTNER_CA_FILE: broken })).toEqual([expect.stringContaining('cannot be read')]);
  });
});

describe('the file of partners', () => {
  const refusals = (content: string) => {
    const said: string[] = [];
    parsePartners(content, (message) => said.push(message));
    return said;
  };
  const [one] = PARTNERS.partners;

  test.each([
    ['not JSON', '{'],
    ['without partners', '{"partners":[]}'],
    ['with a member that is not known', JSON.stringify({ partners: [{ ...one, admin: true }] })],
    ['with a wildcard', JSON.stringify({ partners: [{ ...one, san: 'DNS:*.example.org' }] })],
    ['with a host name in capitals', JSON.stringify({ partners: [{ ...one, san: 'DNS:Partner.example.org' }] })],
    ['with a bare name', JSON.stringify({ partners: [{ ...one, san: 'partner.example.org' }] })],
    ['with a common name', JSON.stringify({ partners: [{ ...one, san: 'CN=partner' }] })],
    ['with a comma in a name', JSON.stringify({ partners: [{ ...one, san: 'URI:x:a, DNS:b' }] })],
    ['with the operator scope', JSON.stringify({ partners: [{ ...one, scopes: ['operator'] }] })],
    ['with a scope that is none', JSON.stringify({ partners: [{ ...one, scopes: ['*'] }] })],
    ['with one name for two clients', JSON.stringify({ partners: [one, { ...one, clientId: 'ts-b' }] })],
  ])('%s is refused', (_what, content) => {
    expect(refusals(content)).toHaveLength(1);
  });
});

describe('the operator listener', () => {
  const operator = {
    CS_OPERATOR_PORT: '8444',
    CS_OPERATOR_JWKS_URL: 'https://identity.example.org/jwks.json',
    CS_OPERATOR_JWT_ISSUER: 'https://identity.example.org',
    CS_OPERATOR_JWT_AUDIENCE: 'certificate-service-operator',
  };

  test('starts with an identity provider, and is off without a port', () => {
    expect(problems(operator)).toEqual([]);
    expect(problems({ CS_OPERATOR_PORT: '' })).toEqual([]);
  });

  test.each(['CS_OPERATOR_JWKS_URL', 'CS_OPERATOR_JWT_ISSUER', 'CS_OPERATOR_JWT_AUDIENCE'])('without %s it does not start', (env) => {
    expect(problems({ ...operator, [env]: undefined })).toEqual([expect.stringMatching(`^${env} is not set, but CS_OPERATOR_PORT`)]);
  });

  test('issuer and audience of the Token Service are refused: one token would open both doors', () => {
    const { CS_JWT_ISSUER, CS_JWT_AUDIENCE } = environmentOf('api');
    const same = { ...operator, CS_OPERATOR_JWT_ISSUER: CS_JWT_ISSUER, CS_OPERATOR_JWT_AUDIENCE: CS_JWT_AUDIENCE };
    expect(problems(same)).toEqual([expect.stringMatching(/its tokens would open the operator calls/)]);
    expect(problems({ ...same, CS_OPERATOR_JWT_AUDIENCE: 'other' })).toEqual([]);
  });

  test('a key set without TLS is refused in production', () => {
    const changes = { ...operator, CS_OPERATOR_JWKS_URL: 'http://identity.example.org/jwks.json' };
    expect(problems(changes)).toEqual([expect.stringMatching(/^CS_OPERATOR_JWKS_URL is not https/)]);
  });
});

describe('a key under the name of another', () => {
  const ring = (octet: number, kid = '7') => `${kid} ${Buffer.alloc(32, octet).toString('base64url')}`;

  test.each(['CS_CHALLENGE_KEYS_FILE', 'CS_CODEC_KEYS_FILE', 'CS_PIN_SALT_KEYS_FILE', 'CS_PIN_PEPPER_KEYS_FILE'])(
    'the content of the token ring given as %s is refused, also as an old key among others',
    (env) => {
      const changes = { CS_TOKEN_KEYS_FILE: fileWith(`${ring(77, 't')}\n`), [env]: fileWith(`${ring(78, '8')}\n${ring(77)} # old\n`) };
      const [problem = '', ...more] = problems(changes);
      expect(more).toEqual([]);
      expect(problem).toMatch(/^CS_\w+ and CS_\w+ hold the same key/);
      expect(problem).toContain(env);
      expect(problem).not.toContain(Buffer.alloc(32, 77).toString('base64url'));
    },
  );

  test('one private key for both issuing CAs is refused', () => {
    const pem = fileWith('-----BEGIN ENCRYPTED PRIVATE KEY-----\nVEVTVCBLRVk=\n-----END ENCRYPTED PRIVATE KEY-----\n');
    const env = environmentOf('issuer', { CS_ISSUING_RSA_KEY_FILE: pem, CS_ISSUING_EC_KEY_FILE: pem });
    expect(() => loadConfig('issuer', env)).toThrow(/CS_ISSUING_EC_KEY_FILE and CS_ISSUING_RSA_KEY_FILE hold the same key/);
  });
});
