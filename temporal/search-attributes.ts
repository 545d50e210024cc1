import type { Connection } from '@temporalio/client';
import proto from '@temporalio/proto';
import { CS_DEADLINE, CS_FAILURE_CODE, CS_STATE } from '../contract/search-attributes.ts';

const { IndexedValueType } = proto.temporal.api.enums.v1;

const WANTED = {
  [CS_STATE.name]: IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD,
  [CS_FAILURE_CODE.name]: IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD,
  [CS_DEADLINE.name]: IndexedValueType.INDEXED_VALUE_TYPE_DATETIME,
};

/** Registers the search attributes that the namespace does not have. May be repeated, also by two processes at once. */
export async function ensureSearchAttributes({ operatorService }: Connection, namespace: string): Promise<void> {
  const { customAttributes } = await operatorService.listSearchAttributes({ namespace });
  const missing = Object.entries(WANTED).filter(([name]) => customAttributes?.[name] === undefined);
  if (missing.length === 0) return;
  await operatorService.addSearchAttributes({ namespace, searchAttributes: Object.fromEntries(missing) }).catch(unlessThere);
}

function unlessThere(error: unknown): void {
  if (!(error instanceof Error && /already exists/i.test(error.message))) throw error;
}
