/** Key types that a certificate can be issued for (spec: EC preferred, RSA possible). */
export const KEY_TYPES = ['EC:P-256', 'EC:P-384', 'RSA:2048', 'RSA:3072', 'RSA:4096'] as const;
export type KeyType = (typeof KEY_TYPES)[number];

export type KeyFamily = 'EC' | 'RSA';

/** Formats in which the sealed SDK key can be delivered. */
export const DELIVERY_FORMATS = ['jwe', 'cms'] as const;
export type DeliveryFormat = (typeof DELIVERY_FORMATS)[number];

/** The two certificates of every enrollment. */
export const CREDENTIAL_KINDS = ['user', 'sdk'] as const;
export type CredentialKind = (typeof CREDENTIAL_KINDS)[number];

/**
 * The certificate authorities; the values are the file names of their public files. `all` and `bundle` are never among them:
 * these files hold several.
 */
export const ISSUER_IDS = ['root', 'issuing-rsa', 'issuing-ec'] as const;
export type IssuerId = (typeof ISSUER_IDS)[number];
export type IssuingCaId = Exclude<IssuerId, 'root'>;

export function familyOf(type: KeyType): KeyFamily {
  return type.startsWith('EC') ? 'EC' : 'RSA';
}

/** Each certificate is issued by the CA of its own key's family. */
export function issuerFor(type: KeyType): IssuingCaId {
  return familyOf(type) === 'EC' ? 'issuing-ec' : 'issuing-rsa';
}

/** The public key to which the SDK key is sealed: P-256, exactly these members. */
export interface DeliveryKeyJwk {
  kty: 'EC';
  crv: 'P-256';
  x: string;
  y: string;
}
