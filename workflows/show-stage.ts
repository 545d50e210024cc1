import { setCurrentDetails, upsertSearchAttributes, workflowInfo } from '@temporalio/workflow';
import { CS_DEADLINE, CS_FAILURE_CODE, CS_STATE } from '../contract/search-attributes.ts';
import { operatorCard } from './operator-card.ts';
import { openStage, type Progress, stageBudgetMs } from './progress.ts';

/** Makes the stage visible in the Temporal UI: the card, and one upsert for all search attributes. */
export function showStage(progress: Progress): void {
  setCurrentDetails(operatorCard(progress));
  if (progress.state === undefined || workflowInfo().typedSearchAttributes.get(CS_STATE) === progress.state) return;
  const stage = openStage(progress);
  const deadline = stage === undefined ? null : new Date(progress.stageSince + stageBudgetMs(progress, stage));
  upsertSearchAttributes([
    { key: CS_STATE, value: progress.state },
    { key: CS_DEADLINE, value: deadline },
    ...(progress.code === undefined ? [] : [{ key: CS_FAILURE_CODE, value: progress.code }]),
  ]);
}
