import type { Executor } from './database.ts';

/** A device may have no row yet, so it has a name. */
export interface DeviceName {
  readonly clientId: string;
  readonly userId: string;
  readonly deviceId: string;
}

/**
 * Order of locks, everywhere: user, device, enrollment rows by id, PIN, certificate rows by serial, audit. Each goes with its transaction,
 * and what decides is read after its lock. They are functions with the owner's rights: no login takes advisory locks of its own choice.
 */

/** `shared`: nothing that changes the whole user comes between; `exclusive`: this changes the whole user. */
export async function lockUser(tx: Executor, userId: string, mode: 'shared' | 'exclusive'): Promise<void> {
  await tx.$executeRaw`SELECT lock_user(${userId}, ${mode === 'exclusive'})`;
}

/** Two transactions about one device stand in line. */
export async function lockDevice(tx: Executor, { clientId, userId, deviceId }: DeviceName): Promise<void> {
  await tx.$executeRaw`SELECT lock_device(${clientId}, ${userId}, ${deviceId})`;
}

/** One process signs checkpoints at a time; false: another is at it. */
export async function tryLockCheckpoints(tx: Executor): Promise<boolean> {
  const [lock] = await tx.$queryRaw<{ held: boolean }[]>`SELECT try_lock_checkpoints() AS held`;
  return lock?.held === true;
}
