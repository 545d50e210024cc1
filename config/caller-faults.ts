import { trustStoreFaults } from './disjoint-trust.ts';
import { contentOf } from './watched-file.ts';

type Values = Readonly<Record<string, unknown>>;

const PARTNER_NEEDS = {
  partnerCa: 'CS_PARTNER_CA_FILE',
  partners: 'CS_PARTNERS_FILE',
  rootCertificate: 'CS_ROOT_CERT_FILE',
  issuingRsaCertificate: 'CS_ISSUING_RSA_CERT_FILE',
  issuingEcCertificate: 'CS_ISSUING_EC_CERT_FILE',
};
const OPERATOR_NEEDS = {
  operatorJwksUrl: 'CS_OPERATOR_JWKS_URL',
  operatorJwtIssuer: 'CS_OPERATOR_JWT_ISSUER',
  operatorJwtAudience: 'CS_OPERATOR_JWT_AUDIENCE',
};

const CODEC_NEEDS = {
  operatorJwtIssuer: 'CS_OPERATOR_JWT_ISSUER',
  operatorJwtAudience: 'CS_OPERATOR_JWT_AUDIENCE',
  clientAudience: 'CS_JWT_AUDIENCE',
};

/** What would make the listeners for operators and partners open to others, one sentence each. */
export function* callerFaults(values: Values): Generator<string> {
  if (values['operatorPort'] !== undefined) yield* operatorFaults(values);
  if (values['partnerPort'] !== undefined) yield* partnerFaults(values);
  if (values['codecJwksUrl'] !== undefined)
    yield* missing(values, CODEC_NEEDS, 'CS_CODEC_JWKS_URL is set: whose tokens open the codec server must be known.');
}

function* operatorFaults(values: Values): Generator<string> {
  yield* missing(values, OPERATOR_NEEDS, 'CS_OPERATOR_PORT is set: who operators are must be known.');
  if (values['operatorJwtIssuer'] === values['jwtIssuer'] && values['operatorJwtAudience'] === values['jwtAudience'])
    yield 'CS_OPERATOR_JWT_ISSUER and CS_OPERATOR_JWT_AUDIENCE are those of the Token Service: its tokens would open the operator calls. Take another audience.';
}

function* partnerFaults(values: Values): Generator<string> {
  yield* missing(values, PARTNER_NEEDS, 'CS_PARTNER_PORT is set: partners, their CA, and the CAs that it must not be are needed.');
  const { partnerCa, tlsCertificate, rootCertificate, issuingRsaCertificate, issuingEcCertificate } = values;
  const cas = [rootCertificate, issuingRsaCertificate, issuingEcCertificate].filter((pem) => typeof pem === 'string');
  const tls = contentOf(tlsCertificate);
  if (typeof partnerCa === 'string' && tls !== undefined && cas.length === 3) yield* trustStoreFaults(partnerCa, { cas, tls });
}

function* missing(values: Values, needs: Readonly<Record<string, string>>, why: string): Generator<string> {
  for (const [name, env] of Object.entries(needs)) if (values[name] === undefined) yield `${env} is not set, but ${why}`;
}
