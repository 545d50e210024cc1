import { createHash } from 'node:crypto';
import { AsnConvert, OctetString } from '@peculiar/asn1-schema';
import * as x509 from '@peculiar/asn1-x509';
import type { SerialHex } from '../../contract/ids.ts';
import type { KeyFamily } from '../../contract/key-types.ts';
import { type Octets, octetsOf } from './octets.ts';
import { OID } from './oids.ts';
import { EXTENSION_CRITICALITY, type ExtensionName, KEY_USAGE_BITS, type KeyUsageName } from './profiles.ts';
import type { Validity } from './validity.ts';

/** Everything a to-be-signed certificate says; extensions stand in the order in which they are written. */
export interface TbsContent {
  readonly serial: SerialHex;
  /** Family of the issuer's key, which names the signature algorithm. */
  readonly issuerFamily: KeyFamily;
  /** Name, DER; for a self-signed certificate leave it out. */
  readonly issuerName?: Uint8Array;
  readonly validity: Validity;
  /** One attribute in each RDN, as [type, UTF8String]. */
  readonly subject: ReadonlyArray<readonly [type: string, value: string]>;
  /** SubjectPublicKeyInfo, DER. */
  readonly spki: Uint8Array;
  readonly extensions: readonly x509.Extension[];
}

/** Writes a TBSCertificate (RFC 5280 §4.1.2). Pure: the same content gives the same bytes. The linter reads it back with another library. */
export function buildTbs(content: TbsContent): Octets {
  const subject = nameOf(content.subject);
  const tbs = new x509.TBSCertificate({
    version: x509.Version.v3,
    serialNumber: octetsOf(Buffer.from(content.serial, 'hex')).buffer,
    signature: algorithmOf(content.issuerFamily),
    issuer: content.issuerName === undefined ? subject : AsnConvert.parse(content.issuerName, x509.Name),
    validity: new x509.Validity(content.validity),
    subject,
    subjectPublicKeyInfo: AsnConvert.parse(content.spki, x509.SubjectPublicKeyInfo),
    extensions: new x509.Extensions([...content.extensions]),
  });
  return octetsOf(AsnConvert.serialize(tbs));
}

/** RFC 5280 §4.2.1.2, method 1: SHA-1 of the BIT STRING's octets. An identifier only, so SHA-1's weakness does not matter. */
export function keyIdentifier(spki: Uint8Array): Octets {
  const { subjectPublicKey } = AsnConvert.parse(spki, x509.SubjectPublicKeyInfo);
  return octetsOf(createHash('sha1').update(new Uint8Array(subjectPublicKey)).digest());
}

export function basicConstraints(pathLen?: number): x509.Extension {
  const value = pathLen === undefined ? new x509.BasicConstraints() : new x509.BasicConstraints({ cA: true, pathLenConstraint: pathLen });
  return extension('basicConstraints', value);
}

export function keyUsage(names: readonly KeyUsageName[]): x509.Extension {
  const flags = names.reduce((bits, name) => bits | (1 << KEY_USAGE_BITS[name]), 0);
  return extension('keyUsage', new x509.KeyUsage(flags));
}

export function extKeyUsage(purposes: readonly string[]): x509.Extension {
  return extension('extKeyUsage', new x509.ExtendedKeyUsage([...purposes]));
}

export function subjectKeyIdentifier(keyId: Octets): x509.Extension {
  return extension('subjectKeyIdentifier', new x509.SubjectKeyIdentifier(keyId));
}

export function authorityKeyIdentifier(keyId: Uint8Array): x509.Extension {
  const keyIdentifier = new x509.KeyIdentifier(octetsOf(keyId));
  return extension('authorityKeyIdentifier', new x509.AuthorityKeyIdentifier({ keyIdentifier }));
}

export function certificatePolicies(policyIdentifier: string): x509.Extension {
  return extension('certificatePolicies', new x509.CertificatePolicies([new x509.PolicyInformation({ policyIdentifier })]));
}

export function subjectAltName(uris: readonly string[]): x509.Extension {
  return extension('subjectAltName', new x509.SubjectAlternativeName(uris.map(uriName)));
}

export function crlDistributionPoints(uri: string): x509.Extension {
  const distributionPoint = new x509.DistributionPointName({ fullName: [uriName(uri)] });
  return extension('crlDistributionPoints', new x509.CRLDistributionPoints([new x509.DistributionPoint({ distributionPoint })]));
}

export function authorityInfoAccess(uri: string): x509.Extension {
  const access = new x509.AccessDescription({ accessMethod: OID.caIssuers, accessLocation: uriName(uri) });
  return extension('authorityInfoAccess', new x509.AuthorityInfoAccessSyntax([access]));
}

function extension(name: ExtensionName, value: unknown): x509.Extension {
  const extnValue = new OctetString(AsnConvert.serialize(value));
  return new x509.Extension({ extnID: OID[name], critical: EXTENSION_CRITICALITY[name], extnValue });
}

function uriName(uniformResourceIdentifier: string): x509.GeneralName {
  return new x509.GeneralName({ uniformResourceIdentifier });
}

function algorithmOf(family: KeyFamily): x509.AlgorithmIdentifier {
  return family === 'RSA'
    ? new x509.AlgorithmIdentifier({ algorithm: OID.sha256WithRSAEncryption, parameters: null })
    : new x509.AlgorithmIdentifier({ algorithm: OID.ecdsaWithSHA256 });
}

function nameOf(attributes: TbsContent['subject']): x509.Name {
  const rdn = ([type, utf8String]: readonly [string, string]) =>
    new x509.RelativeDistinguishedName([new x509.AttributeTypeAndValue({ type, value: new x509.AttributeValue({ utf8String }) })]);
  return new x509.Name(attributes.map(rdn));
}
