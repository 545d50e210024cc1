import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { createRow, newDevice } from '../rig/enrollment-rows.ts';
import { type EnrollmentWorld, enrollmentWorld } from '../rig/enrollment-world.ts';
import { rowIn, snapshot } from '../rig/row-stages.ts';

let world: EnrollmentWorld;
beforeAll(async () => {
  world = await enrollmentWorld();
});

describe('what the database itself refuses', () => {
  it('a second intent of a kind, and a serial a second time', async () => {
    const { id } = await rowIn(world, 'awaiting-ack');
    const [intent] = await world.db.credentialIntent.findMany({ where: { enrollmentId: id, kind: 'user' } });
    if (intent === undefined) throw new Error('no intent');
    await expect(world.db.credentialIntent.create({ data: { ...intent, serial: `4${'a'.repeat(31)}` } })).rejects.toThrow();
    const other = await rowIn(world, 'issuing');
    await expect(world.db.credentialIntent.create({ data: { ...intent, enrollmentId: other.id } })).rejects.toThrow();
    expect(await world.db.credentialIntent.count({ where: { enrollmentId: { in: [id, other.id] } } })).toBe(2);
  });

  it('a second certificate of a kind, and one without its intent', async () => {
    const { id } = await rowIn(world, 'awaiting-ack');
    const [certificate] = await world.db.certificate.findMany({ where: { enrollmentId: id, kind: 'user' } });
    if (certificate === undefined) throw new Error('no certificate');
    await expect(
      world.db.certificate.create({ data: { ...certificate, serial: `4${'b'.repeat(31)}`, sha256: 'another' } }),
    ).rejects.toThrow();
    const other = await rowIn(world, 'issuing');
    const unfounded = { ...certificate, serial: `4${'c'.repeat(31)}`, sha256: 'a third', enrollmentId: other.id };
    await expect(world.db.certificate.create({ data: unfounded })).rejects.toThrow(/foreign key|Foreign key/);
    expect(await world.db.certificate.count({ where: { enrollmentId: { in: [id, other.id] } } })).toBe(2);
  });

  it.each([
    ['tbs', 'credential_intent', /never altered/],
    ['serial', 'credential_intent', /never altered/],
    ['spki', 'credential_intent', /never altered/],
    ['der', 'certificate', /never altered/],
    ['issuer_id', 'certificate', /never altered/],
  ])('%s of a %s changed after it was committed', async (column, table, message) => {
    const { id } = await rowIn(world, 'awaiting-ack');
    const before = await snapshot(world, id);
    const value = column === 'serial' ? `'4${'d'.repeat(31)}'` : column === 'issuer_id' ? `'issuing-rsa'` : `'\\x00'::bytea`;
    await expect(world.db.$executeRawUnsafe(`UPDATE ${table} SET ${column} = ${value} WHERE enrollment_id = '${id}'`)).rejects.toThrow(
      message,
    );
    expect(await snapshot(world, id)).toEqual(before);
  });

  it.each([
    ['its state', `state = 'awaiting-ack', ended_at = NULL`],
    ['its code', `state = 'cancelled', code = 'cancelled'`],
    ['its time', `ended_at = ended_at + interval '1 hour'`],
  ])('a terminal row that changes %s', async (_what, change) => {
    const { id } = await rowIn(world, 'completed');
    await expect(world.db.$executeRawUnsafe(`UPDATE enrollment SET ${change} WHERE id = '${id}'`)).rejects.toThrow(/never changes/);
    expect((await snapshot(world, id)).enrollment).toMatchObject({ state: 'completed', code: null });
  });

  it.each(['UPDATE audit SET outcome = $$x$$', 'DELETE FROM audit'])('%s', async (statement) => {
    const { id } = await rowIn(world, 'awaiting-pin');
    const before = await snapshot(world, id);
    await expect(world.db.$executeRawUnsafe(`${statement} WHERE enrollment_id = '${id}'`)).rejects.toThrow(/only appended/);
    expect((await snapshot(world, id)).audit).toEqual(before['audit']);
  });

  it('two open rows of one device', async () => {
    const { id } = await rowIn(world, 'awaiting-pin');
    const copy = { ...(await world.db.enrollment.findUniqueOrThrow({ where: { id } })), id: randomUUID(), idempotencyKey: randomUUID() };
    await expect(world.db.enrollment.create({ data: copy })).rejects.toThrow();
  });

  it.each([
    ['an unknown state', `state = 'lost'`],
    ['an end without its time', `state = 'cancelled', code = 'cancelled'`],
    ['an end without a code', `state = 'cancelled', ended_at = now()`],
    ['issuing without a PIN', `state = 'issuing', csr_digest = 'x'`],
    ['issuing without a CSR', `state = 'issuing', pin_waived = true`],
  ])('%s', async (_what, change) => {
    const { id } = await rowIn(world, 'awaiting-pin');
    await expect(world.db.$executeRawUnsafe(`UPDATE enrollment SET ${change} WHERE id = '${id}'`)).rejects.toThrow(
      /violates check constraint/,
    );
  });

  it('a sealed key that goes without the time of its erasure', async () => {
    const { id } = await rowIn(world, 'awaiting-ack');
    await expect(world.db.$executeRaw`UPDATE delivery SET sealed = NULL WHERE enrollment_id = ${id}::uuid`).rejects.toThrow(
      /delivery_erased_check/,
    );
  });

  it('leaves one open row when the same device is enrolled eight times at once', async () => {
    const device = newDevice();
    const created = await Promise.all(Array.from({ length: 8 }, () => createRow(world.db, device)));
    expect(new Set(created.map(({ id }) => id)).size).toBe(8);
    const { deviceId } = device;
    expect(await world.db.enrollment.count({ where: { deviceId, endedAt: null } })).toBe(1);
    expect(await world.db.enrollment.count({ where: { deviceId, state: 'cancelled', code: 'superseded' } })).toBe(7);
  });
});
