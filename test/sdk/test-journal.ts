import type { EnrollmentJournal } from '../../sdk/card/card-content.ts';

export const journal: EnrollmentJournal = {
  enrollmentId: '5f6c1f6a-95f0-4d4c-8a0f-0a4a5f5b8f10',
  enrollmentToken: 'cse_test-token-in-the-clear',
  keyType: 'EC:P-256',
  deliveryFormat: 'cms',
  sdkKeyType: undefined,
  attempt: { mode: 'verify', attemptId: '1b4e28ba-2fa1-41d2-883f-0016d3cca427', kid: 's1', value: 'test-pin-hash-in-the-clear' },
  userKey: undefined,
  deliveryKey: undefined,
  submission: undefined,
  checked: undefined,
  proof: undefined,
};
