import type { SerialHex } from '../../contract/ids.ts';
import type { IssuerId } from '../../contract/key-types.ts';
import { ServiceError } from '../../contract/service-error.ts';
import * as der from '../asn1/write-der.ts';
import * as build from './build-tbs.ts';
import { derTime } from './der-time.ts';
import {
  authorityKeyIdDer,
  distributionPointDer,
  type ExpectedFields,
  keyIdOf,
  keyUsageDer,
  nameDer,
  serialInteger,
  uriDer,
} from './expected-fields.ts';
import { type IssuerFacts, issuerFacts } from './issuer-facts.ts';
import { lintTbs } from './lint-certificate.ts';
import type { Octets } from './octets.ts';
import { OID } from './oids.ts';
import { CA_PROFILES, type CaProfile, type ExtensionName, publicUrls } from './profiles.ts';
import { signatureAlgorithm } from './signature-algorithm.ts';
import type { Validity } from './validity.ts';

export interface CaCertificateInput {
  readonly issuerId: IssuerId;
  readonly organization: string;
  readonly publicBaseUrl: string;
  readonly now: Date;
  readonly serial: SerialHex;
  /** SubjectPublicKeyInfo, DER. */
  readonly spki: Uint8Array;
  /** DER; left out for the root, which signs itself. */
  readonly rootCertificate?: Uint8Array;
}

/**
 * Builds and lints the to-be-signed certificate of a certificate authority (protocol §6). Pure: the same input gives the same
 * bytes. Throws `ServiceError` `issuing_refused` with the broken rules, such as an organization that is too long.
 */
export function prepareCaCertificate(input: CaCertificateInput): Octets {
  const profile = CA_PROFILES[input.issuerId];
  const root = input.rootCertificate === undefined ? undefined : issuerFacts(input.rootCertificate);
  const validity = caValidity(profile, input.now);
  const subject = [
    [OID.organization, input.organization],
    [OID.commonName, `${input.organization} ${profile.nameSuffix}`],
  ] as const;
  const extensions = extensionsOf(input, profile, root);
  const issuer = root === undefined ? {} : { issuerName: root.name };
  const tbs = build.buildTbs({ ...issuer, serial: input.serial, issuerFamily: 'RSA', validity, subject, spki: input.spki, extensions });
  const expected = expectedCaFields(input, profile, validity, nameDer(...subject), root);
  const findings = lintTbs(tbs, expected, { issuerName: expected.issuer, issuerFamily: 'RSA', ecKeyEncipherment: false });
  if (findings.length > 0)
    throw new ServiceError('issuing_refused', `The certificate of ${input.issuerId} breaks these rules: ${findings.join(' ')}`);
  return tbs;
}

/** Calendar years from the back-dated start; the last second is included (RFC 5280 §4.1.2.5). */
function caValidity({ years, backdateSeconds }: CaProfile, now: Date): Validity {
  const notBefore = new Date(Math.floor(now.getTime() / 1_000 - backdateSeconds) * 1_000);
  const notAfter = new Date(notBefore.getTime() - 1_000);
  notAfter.setUTCFullYear(notAfter.getUTCFullYear() + years);
  return { notBefore, notAfter };
}

function extensionsOf({ spki, publicBaseUrl }: CaCertificateInput, profile: CaProfile, root: IssuerFacts | undefined) {
  const ownKeyId = build.keyIdentifier(spki);
  const urls = publicUrls(publicBaseUrl, 'root');
  return [
    build.basicConstraints(profile.pathLen),
    build.keyUsage(profile.keyUsage),
    build.subjectKeyIdentifier(ownKeyId),
    build.authorityKeyIdentifier(root?.keyId ?? ownKeyId),
    // Without a policy in every CA certificate below the root no policy of a device is valid (RFC 5280 §6.1.3 (d), (e)).
    ...(root === undefined ? [] : [build.certificatePolicies(OID.anyPolicy)]),
    // A root has no place where its own revocation could be looked up.
    ...(root === undefined ? [] : [build.crlDistributionPoints(urls.crl), build.authorityInfoAccess(urls.certificate)]),
  ];
}

function expectedCaFields(
  { serial, spki, publicBaseUrl }: CaCertificateInput,
  profile: CaProfile,
  validity: Validity,
  subject: Uint8Array,
  root: IssuerFacts | undefined,
): ExpectedFields {
  const urls = publicUrls(publicBaseUrl, 'root');
  const extensions = new Map<ExtensionName, Uint8Array>([
    ['basicConstraints', der.sequence(der.boolean(true), der.integer(profile.pathLen))],
    ['keyUsage', keyUsageDer(profile.keyUsage)],
    ['subjectKeyIdentifier', der.octetString(keyIdOf(spki))],
    ['authorityKeyIdentifier', authorityKeyIdDer(root?.keyId ?? keyIdOf(spki))],
  ]);
  if (root !== undefined) {
    extensions.set('certificatePolicies', der.sequence(der.sequence(der.oid(OID.anyPolicy))));
    extensions.set('crlDistributionPoints', distributionPointDer(urls.crl));
    extensions.set('authorityInfoAccess', der.sequence(der.sequence(der.oid(OID.caIssuers), uriDer(urls.certificate))));
  }
  return {
    serial: serialInteger(serial),
    signature: signatureAlgorithm('RSA'),
    issuer: root?.name ?? subject,
    notBefore: derTime(validity.notBefore),
    notAfter: derTime(validity.notAfter),
    subject,
    spki,
    extensions,
  };
}
