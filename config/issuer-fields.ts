import { z } from 'zod';
import { caFile } from './ca-certificate-file.ts';
import { base, count, flag, internalHost, pem, port, seconds, secret, text, url, value, whole } from './field.ts';
import { policyOid } from './policy-oid.ts';

/** As certificates show them: any case, colons or none. */
const serials = z
  .string()
  .default('')
  .transform((list) => list.toLowerCase().replaceAll(/[:\s]/g, ''))
  .pipe(z.string().regex(/^([0-9a-f]+(,[0-9a-f]+)*)?$/, 'must be serial numbers in hex with commas between them'))
  .transform((list) => new Set(list.split(',').filter((serial) => serial !== '')));

/** What the issuance worker is told: CA certificates and keys, what certificates say, how often CRLs are made. */
export const ISSUANCE = {
  issuerHealthPort: value('CS_ISSUER_HEALTH_PORT', port.default(9102), 'Port of the health and metrics listener of the issuance worker.'),
  internalHost,
  rootCertificate: caFile('CS_ROOT_CERT_FILE', 'Root certificate; the root key is never given to a running process.'),
  issuingRsaCertificate: caFile('CS_ISSUING_RSA_CERT_FILE', 'Certificate of the RSA issuing CA.'),
  issuingRsaKey: secret('CS_ISSUING_RSA_KEY_FILE', pem, 'Key of the RSA issuing CA, encrypted PKCS#8 PEM.'),
  issuingRsaPassphrase: secret(
    'CS_ISSUING_RSA_PASSPHRASE_FILE',
    text.transform((content) => content.trim()),
    'Passphrase of that key.',
  ),
  issuingEcCertificate: caFile('CS_ISSUING_EC_CERT_FILE', 'Certificate of the EC issuing CA.'),
  issuingEcKey: secret('CS_ISSUING_EC_KEY_FILE', pem, 'Key of the EC issuing CA, encrypted PKCS#8 PEM.'),
  issuingEcPassphrase: secret(
    'CS_ISSUING_EC_PASSPHRASE_FILE',
    text.transform((content) => content.trim()),
    'Passphrase of that key.',
  ),
  rootCrlFile: value(
    'CS_ROOT_CRL_FILE',
    text,
    'File with the root CRL (DER, or one PEM block), taken over whenever it is newer and good (`cs ca root-crl` makes it).',
  ),
  rootCrlMayLack: value(
    'CS_ROOT_CRL_MAY_LACK',
    serials,
    'Serial numbers (hex, commas between them) that a newer root CRL may leave out although the one before lists them: only after `cs ca root-crl --unlist`.',
  ),
  organization: value(
    'CS_ORGANIZATION',
    text.max(42).default('Example Organization'),
    'O of every subject; at most 42 characters, because the names of the CAs contain it.',
  ),
  idBase: value('CS_ID_BASE', base(url), 'Base of the URIs in subjectAltName: <idBase>/users/<userId> and <idBase>/devices/<deviceId>.'),
  publicBaseUrl: value(
    'CS_PUBLIC_BASE_URL',
    base(z.url({ protocol: /^http$/ })),
    'Plain-HTTP base of CRL and CA certificate addresses in certificates.',
  ),
  userPolicyOid: value(
    'CS_POLICY_OID_USER',
    policyOid,
    'Certificate policy of user certificates; under 2.25 or 1.3.6.1.4.1.32473 (examples) only in development.',
  ),
  sdkPolicyOid: value(
    'CS_POLICY_OID_SDK',
    policyOid,
    'Certificate policy of SDK certificates; under 2.25 or 1.3.6.1.4.1.32473 (examples) only in development.',
  ),
  validityDays: value('CS_VALIDITY_DAYS', whole(1, 1_095).default(365), 'Days for which a certificate is valid.'),
  backdateSeconds: value(
    'CS_BACKDATE_SECONDS',
    seconds(300, 86_400),
    'How far notBefore, and thisUpdate and dates of new entries in CRLs, lie in the past, for clocks that are slow; at most a day, because a receipt says when a key was made.',
  ),
  ecKeyEncipherment: value(
    'CS_EC_KEY_ENCIPHERMENT',
    flag(false),
    'Sets keyEncipherment in EC certificates too, against RFC 8813 section 3.',
  ),
  crlIntervalSeconds: value(
    'CS_CRL_INTERVAL_SECONDS',
    seconds(5, 300),
    'How often the CRL loop looks for due CRLs; a revocation is public that much later.',
  ),
  crlMaxAgeSeconds: value(
    'CS_CRL_MAX_AGE_SECONDS',
    seconds(21_600, 7 * 86_400),
    'Age at which a CRL is replaced even without a revocation; below CS_CRL_LIFE_SECONDS.',
  ),
  crlLifeSeconds: value(
    'CS_CRL_LIFE_SECONDS',
    seconds(86_400, 10 * 86_400),
    'nextUpdate of an issuing CA CRL after it is signed; at most 10 days, in which a revoked certificate passes for good where no newer CRL is fetched.',
  ),
  keyThreadKeys: value(
    'CS_KEY_THREAD_KEYS',
    count(20, 20),
    'Keys that one key-making thread makes at most, for enrollments that wait at the same moment, before it ends.',
  ),
  keyThreadSeconds: value(
    'CS_KEY_THREAD_SECONDS',
    whole(1, 60).default(60),
    'Seconds within which the exit of a key-making thread must be seen; the keys of a later one are thrown away.',
  ),
  maxConcurrentIssuing: value(
    'CS_MAX_CONCURRENT_ISSUING',
    count(16, 256),
    'Enrollments that one issuance worker issues for at the same time; two threads at a time make their keys.',
  ),
};
