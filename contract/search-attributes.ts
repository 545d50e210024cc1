import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';

/** What an operator can search for in Temporal. Never a user, a device, a token id or a serial: search attributes are clear text. */
export const CS_STATE = defineSearchAttributeKey('CsState', SearchAttributeType.KEYWORD);
export const CS_FAILURE_CODE = defineSearchAttributeKey('CsFailureCode', SearchAttributeType.KEYWORD);
/** End of the present stage; unset once the enrollment ended. */
export const CS_DEADLINE = defineSearchAttributeKey('CsDeadline', SearchAttributeType.DATETIME);
