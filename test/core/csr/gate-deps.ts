import { CHALLENGE_KEY } from '../../../conformance/csr-cases/build-request.ts';
import { KEY_TYPES } from '../../../contract/key-types.ts';
import type { CsrGateDeps } from '../../../core/csr/judge-csr.ts';
import { keyRing } from '../../../core/key-ring.ts';

/** What the gate is given when it judges the requests of conformance/csr-cases/. */
export const challengeKeys = keyRing([{ kid: CHALLENGE_KEY.kid, key: Buffer.from(CHALLENGE_KEY.key, 'hex') }]);
export const deps: CsrGateDeps = { challengeKeys, allowedKeyTypes: KEY_TYPES };
