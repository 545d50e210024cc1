import type { SerialHex } from '../../contract/ids.ts';
import { type CredentialKind, familyOf, type IssuingCaId, issuerFor, type KeyType } from '../../contract/key-types.ts';
import * as build from './build-tbs.ts';
import { issuerFacts } from './issuer-facts.ts';
import type { Octets } from './octets.ts';
import { OID } from './oids.ts';
import { deviceKeyUsage, END_ENTITY_PROFILES, publicUrls, subjectUris } from './profiles.ts';
import { newSerial } from './serial-number.ts';
import type { Validity } from './validity.ts';

/** What an installation decides about its certificates. */
export interface CertificateConfig {
  readonly organization: string;
  /** Base of the URIs in the SAN, without a slash at the end, such as `https://id.example.org`. */
  readonly idBase: string;
  /** Base of CRL and CA certificate URLs, plain HTTP, without a slash at the end. */
  readonly publicBaseUrl: string;
  /** One policy a profile, dotted. */
  readonly policyOids: Readonly<Record<CredentialKind, string>>;
  /** True puts keyEncipherment into EC certificates against RFC 8813. */
  readonly ecKeyEncipherment: boolean;
}

/** What one certificate is made from: the enrollment's row, a key, the issuer, the configuration. Nothing else gets in. */
export interface CertificateInput {
  readonly kind: CredentialKind;
  /** SubjectPublicKeyInfo, DER, already judged by the key policy. */
  readonly spki: Uint8Array;
  readonly keyType: KeyType;
  readonly userId: string;
  readonly deviceId: string;
  /** Of the issuing CA of the key's family, DER. */
  readonly issuerCertificate: Uint8Array;
  readonly validity: Validity;
  readonly config: CertificateConfig;
}

export interface PreparedCertificate {
  serial: SerialHex;
  issuerId: IssuingCaId;
  profile: string;
  /** To-be-signed certificate, DER. */
  tbs: Octets;
  notBefore: Date;
  notAfter: Date;
}

/**
 * Builds the to-be-signed certificate of a device (protocol §6). Pure but for the default `serial`: the same input gives the
 * same bytes, a repetition without `serial` another serial number. It signs nothing and judges nothing: `authorise` does.
 */
export function prepareCertificate(input: CertificateInput, serial: SerialHex = newSerial()): PreparedCertificate {
  const { kind, spki, keyType, userId, validity, config } = input;
  const profile = END_ENTITY_PROFILES[kind];
  const issuer = issuerFacts(input.issuerCertificate);
  const subject = [
    [OID.organization, config.organization],
    [OID.organizationalUnit, profile.organizationalUnit],
    [OID.commonName, userId],
  ] as const;
  const extensions = extensionsOf(input, issuer.keyId);
  const tbs = build.buildTbs({ serial, issuerFamily: issuer.family, issuerName: issuer.name, validity, subject, spki, extensions });
  return { serial, issuerId: issuerFor(keyType), profile: profile.id, tbs, ...validity };
}

function extensionsOf({ kind, spki, keyType, userId, deviceId, config }: CertificateInput, issuerKeyId: Uint8Array) {
  const profile = END_ENTITY_PROFILES[kind];
  const urls = publicUrls(config.publicBaseUrl, issuerFor(keyType));
  return [
    build.basicConstraints(),
    build.keyUsage(deviceKeyUsage(profile, familyOf(keyType), config.ecKeyEncipherment)),
    build.extKeyUsage(profile.extKeyUsage),
    build.subjectKeyIdentifier(build.keyIdentifier(spki)),
    build.authorityKeyIdentifier(issuerKeyId),
    build.certificatePolicies(config.policyOids[kind]),
    build.subjectAltName(subjectUris(config.idBase, userId, deviceId)),
    build.crlDistributionPoints(urls.crl),
    build.authorityInfoAccess(urls.certificate),
  ];
}
