import { createHash } from 'node:crypto';
import type { DeliveryFormat } from '../../contract/key-types.ts';
import { assertNever } from '../../contract/states.ts';
import type { SealingRandomness, SealingRequest } from './binding.ts';
import { freshRandomness } from './key-agreement.ts';
import { sealCms } from './seal-cms.ts';
import { sealJwe } from './seal-jwe.ts';

export interface SealedSdkKey {
  /** Compact JWE, or standard base64 of the CMS DER: what is stored and delivered. */
  readonly value: string;
  /** base64url SHA-256 of the ASCII of `value`: `sdkKey.sha256`, and what the device acknowledges. */
  readonly sha256B64u: string;
}

/**
 * Seals the SDK key to the delivery key of the device, so that nobody here can read it (any more). Each call draws fresh randomness,
 * so a repetition gives other bytes; `randomness` is for the conformance vectors only.
 * Throws when the delivery key is not on P-256 or `deliveryKid` is not its thumbprint: the CSR gate let neither pass.
 */
export function sealSdkKey(request: SealingRequest & { readonly format: DeliveryFormat }, randomness?: SealingRandomness): SealedSdkKey {
  if (thumbprint(request) !== request.deliveryKid) throw new Error('deliveryKid is not the thumbprint of the delivery key');
  const random = randomness ?? freshRandomness();
  try {
    const value = seal(request, random);
    return { value, sha256B64u: createHash('sha256').update(value, 'ascii').digest('base64url') };
  } finally {
    if (randomness === undefined) wipe(random);
  }
}

function seal(request: SealingRequest & { readonly format: DeliveryFormat }, random: SealingRandomness): string {
  switch (request.format) {
    case 'jwe':
      return sealJwe(request, random);
    case 'cms':
      return Buffer.from(sealCms(request, random)).toString('base64');
    default:
      return assertNever(request.format);
  }
}

/** RFC 7638 §3.2: the required members in lexicographic order. */
function thumbprint({ deliveryKey: { crv, kty, x, y } }: SealingRequest): string {
  return createHash('sha256').update(JSON.stringify({ crv, kty, x, y })).digest('base64url');
}

function wipe({ ephemeralPkcs8, contentKey }: SealingRandomness): void {
  ephemeralPkcs8.fill(0);
  contentKey.fill(0);
}
