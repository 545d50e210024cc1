import type { UserPinRow } from '../store/user-pin.ts';
import type { ApiDeps } from './deps.ts';

/**
 * Whether a device can be told how to hash the PIN of this user: its salt derives from a key, which a rotation may have retired too early.
 * A device that remembers its salt can still enter the PIN; for others the operator puts the key back or the PIN is reset (docs/deployment.md).
 */
export function saltKeyHeld({ saltKid }: Pick<UserPinRow, 'saltKid'>, config: ApiDeps['config']): boolean {
  return config.pinSaltKeys.get(saltKid) !== undefined;
}
