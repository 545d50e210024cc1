import type { EnrollmentId } from '../contract/ids.ts';
import { isBlocked, isSdkKey, keyBarredAs } from './blocked-key.ts';
import type { Executor } from './database.ts';
import type { EnrollmentRow } from './enrollment-row.ts';
import type { KeyClaim } from './generated/client.ts';

/** The two public keys of a request, each as SHA-256 of its SubjectPublicKeyInfo, hex. */
export interface RequestKeys {
  readonly spkiSha256: string;
  readonly deliverySpkiSha256: string;
}

/** What speaks against a key is said by rows, not by its octets. */
export type KeyRefusal =
  | { readonly key: 'user'; readonly code: 'key_is_ours' | 'key_blocked' | 'key_in_use' }
  | { readonly key: 'delivery'; readonly code: 'key_blocked' | 'delivery_key_reused' };

/**
 * Gives each key its one use, for ever: the user key to the device, the delivery key to the enrollment (ADR 49). Returns what speaks
 * against it, and then changes nothing. Of two at the same time the primary key refuses one, and its transaction is tried again.
 * To be called under the lock of the enrollment row; may be repeated.
 */
export async function claimKeys(tx: Executor, enrollment: EnrollmentRow, keys: RequestKeys): Promise<KeyRefusal | undefined> {
  const { spkiSha256, deliverySpkiSha256 } = keys;
  const barred = await keyBarredAs(tx, spkiSha256);
  if (barred !== undefined) return { key: 'user', code: barred };
  const held = await tx.keyClaim.findMany({ where: { spkiSha256: { in: [spkiSha256, deliverySpkiSha256] } } });
  const user = held.find((claim) => claim.spkiSha256 === spkiSha256);
  if (user !== undefined && !belongsTo(user, enrollment)) return { key: 'user', code: 'key_in_use' };
  const delivery = held.find((claim) => claim.spkiSha256 === deliverySpkiSha256);
  const against = await againstDelivery(tx, enrollment.id, deliverySpkiSha256, delivery);
  if (against !== undefined) return { key: 'delivery', code: against };
  const wanted = [
    ...(user === undefined ? [claimOf(enrollment, spkiSha256, 'user')] : []),
    ...(delivery === undefined ? [claimOf(enrollment, deliverySpkiSha256, 'delivery')] : []),
  ];
  // In one order for everybody: two requests with the same keys cannot wait for each other.
  await tx.keyClaim.createMany({ data: wanted.toSorted((a, b) => (a.spkiSha256 < b.spkiSha256 ? -1 : 1)) });
  return undefined;
}

/**
 * For the process that seals: false when the delivery key has another use. Claims it where the acceptance did not, as in the version
 * before. Under the lock of the enrollment row; may be repeated.
 */
export async function holdDeliveryKey(tx: Executor, enrollment: EnrollmentRow, deliverySpkiSha256: string): Promise<boolean> {
  const held = await tx.keyClaim.findUnique({ where: { spkiSha256: deliverySpkiSha256 } });
  if (held !== null) return isDeliveryOf(held, enrollment.id);
  await tx.keyClaim.createMany({ data: [claimOf(enrollment, deliverySpkiSha256, 'delivery')] });
  return true;
}

async function againstDelivery(
  tx: Executor,
  id: EnrollmentId,
  spkiSha256: string,
  held: KeyClaim | undefined,
): Promise<'key_blocked' | 'delivery_key_reused' | undefined> {
  if (await isBlocked(tx, spkiSha256)) return 'key_blocked';
  const reused = (held !== undefined && !isDeliveryOf(held, id)) || (await isSdkKey(tx, spkiSha256));
  return reused ? 'delivery_key_reused' : undefined;
}

function belongsTo({ use, clientId, userId, deviceId }: KeyClaim, device: EnrollmentRow): boolean {
  return use === 'user' && clientId === device.clientId && userId === device.userId && deviceId === device.deviceId;
}

function isDeliveryOf({ use, enrollmentId }: KeyClaim, id: EnrollmentId): boolean {
  return use === 'delivery' && enrollmentId === id;
}

function claimOf({ id, clientId, userId, deviceId }: EnrollmentRow, spkiSha256: string, use: 'user' | 'delivery') {
  return { spkiSha256, clientId, userId, deviceId, enrollmentId: id, use };
}
