import { describe, expect, test } from 'vitest';
import { testKeys } from '../rig/test-keys.ts';
import { call, line } from './stand/call.ts';
import { GOOD_PIN, pinBody } from './stand/device.ts';
import { bringTo } from './stand/stages.ts';
import { startSecondApi, startStand } from './stand/stand.ts';

const stand = await startStand();
const NEW = testKeys('new-1');

describe('a key that was retired while an enrollment is open', () => {
  test('salt: the view says wait and it is logged; a device that remembers its salt is judged, and after a reset a new PIN is set up', async () => {
    const { id, token, userId } = await bringTo(stand, 'awaiting-pin');
    const logged: unknown[] = [];
    const log = Object.assign(Object.create(stand.deps.log), { error: (fields: unknown) => void logged.push(fields) });
    const retired = await startSecondApi(stand, { config: { ...stand.config, pinSaltKeys: NEW }, log });
    const view = await call(retired, 'GET', `/v1/enrollments/${id}`, { token });
    expect(view).toMatchObject({ status: 200, body: { state: 'awaiting-pin', next: 'wait' } });
    expect(view.body).not.toHaveProperty('pinParams');
    expect(logged).toEqual([{ enrollmentId: id, saltKid: 's1' }]);
    const other = await bringTo(stand, 'awaiting-pin', { userId });
    const body = await pinBody(stand.config, userId, GOOD_PIN, { mode: 'verify' });
    expect(line(await call(retired, 'PUT', `/v1/enrollments/${other.id}/pin`, { token: other.token, body }))).toBe('200');
    await stand.db.userPin.delete({ where: { userId } });
    expect((await call(retired, 'GET', `/v1/enrollments/${id}`, { token })).body).toMatchObject({ next: 'pin.setup' });
  });

  test('token: the device is a stranger', async () => {
    const { id, token } = await bringTo(stand, 'awaiting-csr');
    const retired = await startSecondApi(stand, { config: { ...stand.config, tokenKeys: NEW } });
    expect(line(await call(retired, 'GET', `/v1/enrollments/${id}`, { token }))).toBe('401 invalid_token');
  });
});
