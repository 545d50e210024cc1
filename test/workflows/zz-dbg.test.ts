import { writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { timeSkippingTemporal } from '../rig/time-skipping.ts';
import { ensureSearchAttributes } from '../../temporal/search-attributes.ts';
import { CS_STATE } from '../../contract/search-attributes.ts';
it('x', async () => {
  const out: unknown[] = [];
  const log = (...a: unknown[]) => { out.push(a); writeFileSync('/tmp/wftest/dbg.txt', out.map((x) => JSON.stringify(x)).join('\n')); };
  const env = await timeSkippingTemporal();
  const go = async (extra: object) => env.client.workflow.start('e', { taskQueue: 'q', workflowId: 'w' + Math.random(), ...extra }).then(() => 'ok', (e) => String(e) + ' ' + String(e.cause?.details));
  log('plain', await go({}));
  log('conflict', await go({ workflowIdConflictPolicy: 'USE_EXISTING', workflowIdReusePolicy: 'REJECT_DUPLICATE' }));
  log('summary', await go({ staticSummary: 'x' }));
  log('sa', await go({ typedSearchAttributes: [{ key: CS_STATE, value: 'a' }] }));
  log('deadline', await env.client.withDeadline(Date.now() + 4000, () => go({})));
  try { await ensureSearchAttributes(env.connection, 'default'); log('ensured'); } catch (e) { log('ensure', String(e)); }
  log('sa', await go({ typedSearchAttributes: [{ key: CS_STATE, value: 'a' }] }));
  expect(1).toBe(1);
});
