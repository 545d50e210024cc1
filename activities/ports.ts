import type { KeyRing } from '../core/key-ring.ts';
import type { KeyType } from '../contract/key-types.ts';
import type { Database } from '../store/database.ts';
import type { ErasureFacts } from '../store/acknowledge.ts';

/** What the enrollment worker's activities need. It holds no CA key. */
export interface EnrollmentDeps {
  db: Database;
  challengeKeys: KeyRing;
  allowedKeyTypes: readonly KeyType[];
  maxCsrRefusals: number;
  maxAckRefusals: number;
  /** Signs a destruction receipt with the evidence key; compact JWS. */
  signReceipt: (facts: ErasureFacts) => Promise<string>;
}
