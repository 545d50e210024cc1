import { z } from 'zod';
import { optionalCaFile } from './ca-certificate-file.ts';
import { base, file, pem, port, text, url, value, whole } from './field.ts';
import { parsePartners } from './partners-file.ts';

const partnersFile = z.string().transform((content, context) => parsePartners(content, (message) => context.addIssue(message)));

/** How long key sets outlive their URL, wherever access tokens are verified. */
export const KEY_SETS = {
  jwksStaleSeconds: value(
    'CS_JWKS_STALE_SECONDS',
    whole(0, 604_800).default(14_400),
    'How long the keys of a JWK Set that cannot be had any more go on, beyond the 10 minutes after which it is asked for again.',
  ),
};

/** Who operators are: one identity provider for operator calls and codec server. */
export const OPERATOR_TOKENS = {
  operatorJwtIssuer: value('CS_OPERATOR_JWT_ISSUER', url.optional(), 'Expected `iss` of operator access tokens.'),
  operatorJwtAudience: value('CS_OPERATOR_JWT_AUDIENCE', text.optional(), 'Expected `aud` of operator access tokens.'),
};

/** Callers beside devices and Token Services with an access token. */
export const CALLERS = {
  ...OPERATOR_TOKENS,
  ...KEY_SETS,
  operatorHost: value('CS_OPERATOR_HOST', text.default('127.0.0.1'), 'Address that the operator TLS listener binds to.'),
  operatorPort: value('CS_OPERATOR_PORT', port.optional(), 'Port of the operator TLS listener; without it there is none.'),
  operatorJwksUrl: value('CS_OPERATOR_JWKS_URL', url.optional(), 'JWK Set for operator access tokens; https in production.'),
  temporalUiUrl: value('CS_TEMPORAL_UI_URL', base(url).optional(), 'Base address of the Temporal UI, for links in answers to operators.'),
  partnerPort: value(
    'CS_PARTNER_PORT',
    port.optional(),
    'Port of the TLS listener for Token Services with a client certificate; without it there is none.',
  ),
  partnerCa: file(
    'CS_PARTNER_CA_FILE',
    pem.optional(),
    'Every CA certificate (PEM) that partner certificates chain to, the issuing ones included; never one of ours.',
  ),
  partners: file(
    'CS_PARTNERS_FILE',
    partnersFile.optional(),
    'JSON: {"partners":[{"san":"URI:… or DNS:…","clientId":"…","scopes":["enrollment:create",…]}]}.',
  ),
  // What the partner CA must not be: read with a partner port only.
  rootCertificate: optionalCaFile('CS_ROOT_CERT_FILE', 'Root certificate; the root key is never given to a running process.'),
  issuingRsaCertificate: optionalCaFile('CS_ISSUING_RSA_CERT_FILE', 'Certificate of the RSA issuing CA.'),
  issuingEcCertificate: optionalCaFile('CS_ISSUING_EC_CERT_FILE', 'Certificate of the EC issuing CA.'),
};
