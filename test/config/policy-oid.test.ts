import { expect, test } from 'vitest';
import { policyOidWarnings } from '../../config/policy-oid.ts';

const SMALL = '1.3.6.1.4.1.99999.1';

test('an arc that old verifiers keep in 31 bits is no cause for a warning', () => {
  expect(policyOidWarnings({ userPolicyOid: SMALL, sdkPolicyOid: `1.3.6.1.4.1.99999.${2 ** 31 - 1}` })).toEqual([]);
});

test('a larger one is warned about by the name of its setting, wherever it stands', () => {
  const warnings = policyOidWarnings({ userPolicyOid: `1.2.${2 ** 31}.4`, sdkPolicyOid: `2.999.${2n ** 128n}` });
  expect(warnings).toEqual([expect.stringMatching(/^CS_POLICY_OID_USER .*2\^31/), expect.stringMatching(/^CS_POLICY_OID_SDK .*2\^31/)]);
});
