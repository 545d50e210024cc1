import { createHash } from 'node:crypto';
import type { SerialHex } from '../../contract/ids.ts';
import { familyOf, issuerFor } from '../../contract/key-types.ts';
import { readDer } from '../asn1/read-der.ts';
import * as der from '../asn1/write-der.ts';
import { derTime } from './der-time.ts';
import { issuerFacts } from './issuer-facts.ts';
import { OID } from './oids.ts';
import type { CertificateInput } from './prepare-certificate.ts';
import {
  deviceKeyUsage,
  END_ENTITY_PROFILES,
  type ExtensionName,
  KEY_USAGE_BITS,
  type KeyUsageName,
  publicUrls,
  subjectUris,
} from './profiles.ts';
import { signatureAlgorithm } from './signature-algorithm.ts';

/** What a certificate must say: the input that it was prepared from, with its serial. */
export type ExpectedCertificate = CertificateInput & { readonly serial: SerialHex };

/** The whole encoding of every field that a certificate must have, and the value of each extension; it has no others. */
export interface ExpectedFields {
  readonly serial: Uint8Array;
  readonly signature: Uint8Array;
  readonly issuer: Uint8Array;
  readonly notBefore: Uint8Array;
  readonly notAfter: Uint8Array;
  readonly subject: Uint8Array;
  readonly spki: Uint8Array;
  readonly extensions: ReadonlyMap<ExtensionName, Uint8Array>;
}

/**
 * The fields of a device certificate, written by our own DER writer from profile and input. Nothing here is shared with the
 * builder's library, so that a fault of either shows as a difference. Pure.
 */
export function expectedFields(expected: ExpectedCertificate): ExpectedFields {
  const { kind, keyType, validity, config } = expected;
  const issuer = issuerFacts(expected.issuerCertificate);
  const profile = END_ENTITY_PROFILES[kind];
  const urls = publicUrls(config.publicBaseUrl, issuerFor(keyType));
  return {
    serial: serialInteger(expected.serial),
    // By the family that the device key demands: an issuer of the other one shows here.
    signature: signatureAlgorithm(familyOf(keyType)),
    issuer: issuer.name,
    notBefore: derTime(validity.notBefore),
    notAfter: derTime(validity.notAfter),
    subject: nameDer(
      [OID.organization, config.organization],
      [OID.organizationalUnit, profile.organizationalUnit],
      [OID.commonName, expected.userId],
    ),
    spki: expected.spki,
    extensions: new Map<ExtensionName, Uint8Array>([
      ['basicConstraints', der.sequence()],
      ['keyUsage', keyUsageDer(deviceKeyUsage(profile, familyOf(keyType), config.ecKeyEncipherment))],
      ['extKeyUsage', der.sequence(...profile.extKeyUsage.map(der.oid))],
      ['subjectKeyIdentifier', der.octetString(keyIdOf(expected.spki))],
      ['authorityKeyIdentifier', authorityKeyIdDer(issuer.keyId)],
      ['certificatePolicies', der.sequence(der.sequence(der.oid(config.policyOids[kind])))],
      ['subjectAltName', der.sequence(...subjectUris(config.idBase, expected.userId, expected.deviceId).map(uriDer))],
      ['crlDistributionPoints', distributionPointDer(urls.crl)],
      ['authorityInfoAccess', der.sequence(der.sequence(der.oid(OID.caIssuers), uriDer(urls.certificate)))],
    ]),
  };
}

export function serialInteger(serial: SerialHex): Uint8Array {
  return der.unsignedInteger(Buffer.from(serial, 'hex'));
}

export function nameDer(...attributes: ReadonlyArray<readonly [type: string, value: string]>): Uint8Array {
  return der.sequence(...attributes.map(([type, value]) => der.set(der.sequence(der.oid(type), der.utf8String(value)))));
}

/** A named bit list: trailing zero bits are cut (X.690 §11.2.2). */
export function keyUsageDer(names: readonly KeyUsageName[]): Uint8Array {
  const bits = names.map((name) => KEY_USAGE_BITS[name]);
  const octet = bits.reduce<number>((sum, bit) => sum | (0x80 >> bit), 0);
  return der.bitString(Uint8Array.of(octet), 7 - Math.max(...bits));
}

export function keyIdOf(spki: Uint8Array): Uint8Array {
  const key = readDer(spki).children[1];
  if (key === undefined) throw new Error('not a SubjectPublicKeyInfo');
  return createHash('sha1').update(key.content.subarray(1)).digest();
}

export function authorityKeyIdDer(keyId: Uint8Array): Uint8Array {
  return der.sequence(der.implicit(0, keyId));
}

/** GeneralName, uniformResourceIdentifier [6]. */
export function uriDer(uri: string): Uint8Array {
  return der.implicit(6, new TextEncoder().encode(uri));
}

/** One DistributionPoint with distributionPoint [0] fullName [0] (RFC 5280 §4.2.1.13). */
export function distributionPointDer(uri: string): Uint8Array {
  return der.sequence(der.sequence(der.explicit(0, der.explicit(0, uriDer(uri)))));
}
