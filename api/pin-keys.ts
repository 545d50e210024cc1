import type { UserPinRow } from '../store/user-pin.ts';
import type { ApiDeps } from './deps.ts';

/**
 * Whether the PIN of a user can still be judged: its salt key tells the device how to hash, its pepper keyed the stored hash. After a
 * rotation that retired one too early only a reset of the PIN helps (docs/deployment.md).
 */
export function pinKeysHeld({ saltKid, pepperKid }: Pick<UserPinRow, 'saltKid' | 'pepperKid'>, config: ApiDeps['config']): boolean {
  return config.pinSaltKeys.get(saltKid) !== undefined && config.pinPepperKeys.get(pepperKid) !== undefined;
}
