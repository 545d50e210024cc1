import { KEY_TYPES } from '../../contract/key-types.ts';
import { algorithmOfTomorrow } from './algorithms-of-tomorrow.ts';
import { KeyRefused } from './key-refused.ts';

/**
 * Refuses a public key whose algorithm is known by name and not taken, before anything else of it is looked at. `oidDer` is the algorithm's
 * OBJECT IDENTIFIER, `offset` its place. Throws `KeyRefused` `key_type_not_taken_yet` or `key_type_cannot_sign`.
 */
export function refuseKeyOfTomorrow(oidDer: Uint8Array, offset: number): void {
  const algorithm = algorithmOfTomorrow(oidDer);
  if (algorithm === undefined) return;
  const today = `Taken today: ${KEY_TYPES.join(', ')}, of these what keyProfile.types lists.`;
  if (algorithm.signs) throw new KeyRefused('key_type_not_taken_yet', `${algorithm.name} keys are not taken yet. ${today}`, offset);
  throw new KeyRefused('key_type_cannot_sign', `An ${algorithm.name} key can agree on keys, but sign no CSR. ${today}`, offset);
}
