import type { CredentialKind, IssuerId, KeyFamily } from '../../contract/key-types.ts';
import { OID } from './oids.ts';

/**
 * Certificate profiles as data (protocol §6): builder and linter read the same table, each with its own library.
 * A profile that changes in substance gets a new id, because stored intents name the one that they were made by.
 */

/** Bits of RFC 5280 §4.2.1.3 that we use; the value is the number of the bit. */
export const KEY_USAGE_BITS = { digitalSignature: 0, keyEncipherment: 2, keyCertSign: 5, cRLSign: 6 } as const;
export type KeyUsageName = keyof typeof KEY_USAGE_BITS;

/** Every extension that this service writes, and whether it is critical (protocol §6). */
export const EXTENSION_CRITICALITY = {
  basicConstraints: true,
  keyUsage: true,
  extKeyUsage: false,
  subjectKeyIdentifier: false,
  authorityKeyIdentifier: false,
  certificatePolicies: false,
  subjectAltName: false,
  crlDistributionPoints: false,
  authorityInfoAccess: false,
} as const satisfies Record<string, boolean>;
export type ExtensionName = keyof typeof EXTENSION_CRITICALITY;

export interface EndEntityProfile {
  readonly id: string;
  readonly organizationalUnit: string;
  readonly keyUsage: Readonly<Record<KeyFamily, readonly KeyUsageName[]>>;
  readonly extKeyUsage: readonly string[];
}

const DEVICE_KEY_USAGE = { RSA: ['digitalSignature', 'keyEncipherment'], EC: ['digitalSignature'] } as const;

export const END_ENTITY_PROFILES: Readonly<Record<CredentialKind, EndEntityProfile>> = {
  user: { id: 'user-v1', organizationalUnit: 'User', keyUsage: DEVICE_KEY_USAGE, extKeyUsage: [OID.clientAuth, OID.documentSigning] },
  sdk: { id: 'sdk-v1', organizationalUnit: 'SDK', keyUsage: DEVICE_KEY_USAGE, extKeyUsage: [OID.clientAuth] },
};

export interface CaProfile {
  readonly id: string;
  /** The subject is `<organization> <nameSuffix>`. */
  readonly nameSuffix: string;
  readonly key: { readonly family: 'RSA'; readonly bits: number } | { readonly family: 'EC' };
  readonly pathLen: number;
  readonly keyUsage: readonly KeyUsageName[];
  readonly years: number;
  readonly backdateSeconds: number;
}

const CA = { keyUsage: ['keyCertSign', 'cRLSign'], backdateSeconds: 86_400 } as const;

/** CRLs of the root; back-dated as `CS_BACKDATE_SECONDS` is by default, because no configuration lies beside the root key. */
export const ROOT_CRL = { days: 90, backdateSeconds: 300 } as const;

export const CA_PROFILES: Readonly<Record<IssuerId, CaProfile>> = {
  root: { ...CA, id: 'root-v1', nameSuffix: 'Device Root CA', key: { family: 'RSA', bits: 4096 }, pathLen: 1, years: 20 },
  'issuing-rsa': {
    ...CA,
    id: 'issuing-v1',
    nameSuffix: 'Device Issuing CA RSA',
    key: { family: 'RSA', bits: 3072 },
    pathLen: 0,
    years: 10,
  },
  'issuing-ec': { ...CA, id: 'issuing-v1', nameSuffix: 'Device Issuing CA EC', key: { family: 'EC' }, pathLen: 0, years: 10 },
};

/** RFC 8813 §3 forbids keyEncipherment in EC certificates; `ecKeyEncipherment` is for who needs the letter of the specification. */
export function deviceKeyUsage(profile: EndEntityProfile, family: KeyFamily, ecKeyEncipherment: boolean): readonly KeyUsageName[] {
  return family === 'EC' && ecKeyEncipherment ? [...profile.keyUsage.EC, 'keyEncipherment'] : profile.keyUsage[family];
}

/** Where relying services find the CRL and the certificate of an issuer (plain HTTP: RFC 5280 §8). */
export function publicUrls(publicBaseUrl: string, issuer: IssuerId): { crl: string; certificate: string } {
  return { crl: `${publicBaseUrl}/crl/${issuer}.crl`, certificate: `${publicBaseUrl}/ca/${issuer}.cer` };
}

/** The two names by which relying services know user and device. */
export function subjectUris(idBase: string, userId: string, deviceId: string): [user: string, device: string] {
  return [`${idBase}/users/${userId}`, `${idBase}/devices/${deviceId}`];
}
