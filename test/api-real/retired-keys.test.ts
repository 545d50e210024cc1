import { describe, expect, test } from 'vitest';
import { testKeys } from '../rig/test-keys.ts';
import { call, expectProblem, line } from './stand/call.ts';
import { pinBody } from './stand/device.ts';
import { bringTo } from './stand/stages.ts';
import { startSecondApi, startStand } from './stand/stand.ts';

const stand = await startStand();
const NEW = testKeys('new-1');

describe('a key that was retired while an enrollment is open', () => {
  test.each([
    ['salt', { pinSaltKeys: NEW }],
    ['pepper', { pinPepperKeys: NEW }],
  ])('%s: the PIN can only be reset; the view says wait, an entry is refused by name, logged and not charged', async (_key, rings) => {
    const { id, token, userId } = await bringTo(stand, 'awaiting-pin', { pinSet: true });
    const logged: unknown[] = [];
    const log = Object.assign(Object.create(stand.deps.log), { error: (fields: unknown) => void logged.push(fields) });
    const retired = await startSecondApi(stand, { config: { ...stand.config, ...rings }, log });
    const before = await stand.db.userPin.findUniqueOrThrow({ where: { userId } });
    const view = await call(retired, 'GET', `/v1/enrollments/${id}`, { token });
    expect(view).toMatchObject({ status: 200, body: { state: 'awaiting-pin', next: 'wait' } });
    expect(view.body).not.toHaveProperty('pinParams');
    const body = await pinBody(stand.config, userId, '482913', { mode: 'verify' });
    const refused = await call(retired, 'PUT', `/v1/enrollments/${id}/pin`, { token, body });
    expect(line(refused)).toBe('409 pin_key_retired');
    expectProblem('/v1/enrollments/{id}/pin', refused);
    expect(await stand.db.userPin.findUniqueOrThrow({ where: { userId } })).toEqual(before);
    expect(logged).toEqual([{ enrollmentId: id, saltKid: 's1', pepperKid: 'p1' }]);
    await stand.db.userPin.delete({ where: { userId } });
    expect((await call(retired, 'GET', `/v1/enrollments/${id}`, { token })).body).toMatchObject({ next: 'pin.setup' });
  });

  test('token: the device is a stranger, and a repeated create says that the same token cannot be made again', async () => {
    const jwt = await stand.issuer.token({ scope: 'enrollment:create' });
    const request = {
      token: jwt,
      headers: { 'idempotency-key': 'retired-token' },
      body: { userId: 'u-retired', deviceId: 'd-retired', tokenId: 't-1', pin: 'verify', platform: 'ios' },
    };
    const created = await call(stand, 'POST', '/v1/enrollments', request);
    const { enrollmentId, enrollmentToken } = Object(created.body);
    const retired = await startSecondApi(stand, { config: { ...stand.config, tokenKeys: NEW } });
    const path = `/v1/enrollments/${enrollmentId}`;
    expect(line(await call(retired, 'GET', path, { token: enrollmentToken }))).toBe('401 invalid_token');
    const repeated = await call(retired, 'POST', '/v1/enrollments', request);
    expect(line(repeated)).toBe('409 token_key_retired');
    expectProblem('/v1/enrollments', repeated);
    const anew = await call(retired, 'POST', '/v1/enrollments', { ...request, headers: { 'idempotency-key': 'another' } });
    expect(line(anew)).toBe('201');
  });
});
