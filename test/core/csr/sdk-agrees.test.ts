import { expect, test } from 'vitest';
import { base64, challenge, submission } from '../../../conformance/csr-cases/build-request.ts';
import { KEY_TYPES } from '../../../contract/key-types.ts';
import { judgeCsr } from '../../../core/csr/judge-csr.ts';
import { buildCsr } from '../../../sdk/csr/build-csr.ts';
import { csrPem } from '../../../sdk/csr/csr-pem.ts';
import { makeDeliveryKey } from '../../../sdk/csr/delivery-key.ts';
import { makeUserKey } from '../../../sdk/csr/user-key.ts';
import { deps } from './gate-deps.ts';

test.each(KEY_TYPES)(
  'the request that the reference SDK builds for %s passes the gate, as PEM and as base64',
  async (type) => {
    const delivery = makeDeliveryKey();
    const der = buildCsr({ userKey: await makeUserKey(type), challenge, deliveryThumbprint: delivery.thumbprint });
    for (const csrText of [csrPem(der), base64(der)]) {
      const verdict = judgeCsr(submission({ csrText, deliveryKey: delivery.jwk }), deps);
      expect(verdict).toMatchObject({ ok: true, keyType: type, deliveryKid: delivery.kid });
    }
  },
  60_000,
);
