import type { Config } from '../../../config/load-config.ts';
import { KEY_TYPES } from '../../../contract/key-types.ts';
import { testKeys } from '../../rig/test-keys.ts';

export const JWT_ISSUER = 'https://token-service.example.org';
export const JWT_AUDIENCE = 'certificate-service';

export const OPERATOR_ISSUER = 'https://identity.example.org';
export const OPERATOR_AUDIENCE = 'certificate-service-operator';

const CALLERS = {
  jwksStaleSeconds: 14_400,
  operatorJwtIssuer: OPERATOR_ISSUER,
  operatorJwtAudience: OPERATOR_AUDIENCE,
  operatorHost: '127.0.0.1',
  operatorPort: undefined,
  operatorJwksUrl: undefined,
  temporalUiUrl: 'https://temporal.example.org',
  partnerPort: undefined,
  partnerCa: undefined,
  partners: undefined,
  rootCertificate: undefined,
  issuingRsaCertificate: undefined,
  issuingEcCertificate: undefined,
  sweepGraceSeconds: 120,
  startGraceSeconds: 10,
};

/** The API's configuration as the tests want it: the defaults of the protocol, test keys, cheap weak-PIN check. */
export function testApiConfig(given: Partial<Config<'api'>> & Pick<Config<'api'>, 'jwksUrl' | 'databaseUrl'>): Config<'api'> {
  return {
    environment: 'development',
    logLevel: 'fatal',
    faultPointsSocket: undefined,
    temporalAddress: 'unused:1',
    temporalNamespace: 'default',
    temporalTlsCa: undefined,
    temporalTlsCertificate: undefined,
    temporalTlsKey: undefined,
    temporalApiKey: undefined,
    taskQueueSuffix: '',
    clockToleranceSeconds: 30,
    codecKeys: testKeys('codec-1'),
    challengeKeys: testKeys('1'),
    allowedKeyTypes: [...KEY_TYPES],
    sdkKeyTypes: ['EC:P-256', 'RSA:2048'],
    pinSeconds: 900,
    csrSeconds: 900,
    ackSeconds: 900,
    wholeSeconds: 3_600,
    maxPinFailures: 10,
    maxPinAttempts: 5,
    maxCsrSubmissions: 10,
    maxCsrRefusals: 5,
    maxAckRefusals: 10,
    apiHost: '127.0.0.1',
    apiPort: 0,
    filesPort: 0,
    internalHost: '127.0.0.1',
    internalPort: 0,
    tlsCertificate: { path: '', content: '' },
    tlsKey: { path: '', content: '' },
    tlsReloadSeconds: 10,
    trustedProxies: [],
    maxConnections: 2_000,
    maxConnectionsPerAddress: 256,
    rateLimits: false,
    rateAddress: { points: 300, seconds: 60 },
    rateToken: { points: 120, seconds: 60 },
    rateUser: { points: 120, seconds: 300 },
    rateClient: { points: 6_000, seconds: 60 },
    rateOperator: { points: 6_000, seconds: 60 },
    jwtIssuer: JWT_ISSUER,
    jwtAudience: JWT_AUDIENCE,
    tokenKeys: testKeys('t1'),
    pinSaltKeys: testKeys('s1', 's0'),
    pinPepperKeys: testKeys('p1', 'p0'),
    pinMemoryKib: 19_456,
    pinPasses: 2,
    pinMinDigits: 6,
    pinMaxDigits: 12,
    pinDelays: true,
    weakPins: 2,
    argonSlots: 2,
    argonQueue: 64,
    argonShare: 64,
    challengeSeconds: 300,
    docsUrl: undefined,
    ...CALLERS,
    ...given,
  };
}
