import { msToTs } from '@temporalio/common/lib/time.js';
import { expect, it } from 'vitest';
import { ensureSearchAttributes } from '../../temporal/search-attributes.ts';
import { connectTestTemporal, taskQueueSuffix } from '../rig/test-temporal.ts';

it('registers what a namespace lacks, twice and by two at once without an error', async () => {
  const { connection } = await connectTestTemporal();
  const namespace = `attributes${taskQueueSuffix()}`;
  await connection.workflowService.registerNamespace({ namespace, workflowExecutionRetentionPeriod: msToTs('1 day') });
  await expect.poll(() => served(namespace), { timeout: 20_000 }).toBe(true);
  await Promise.all([ensureSearchAttributes(connection, namespace), ensureSearchAttributes(connection, namespace)]);
  await ensureSearchAttributes(connection, namespace);
  const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
  expect(Object.keys(customAttributes ?? {})).toEqual(expect.arrayContaining(['CsState', 'CsFailureCode', 'CsDeadline']));

  async function served(name: string): Promise<boolean> {
    return connection.operatorService.listSearchAttributes({ namespace: name }).then(
      () => true,
      () => false,
    );
  }
});
