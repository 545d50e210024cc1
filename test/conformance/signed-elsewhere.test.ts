import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import { buildSignedElsewhere } from '../../conformance/build-signed-elsewhere.ts';
import { readSignedElsewhere } from '../../conformance/signed-elsewhere-file.ts';
import { readVectors } from '../../conformance/vectors-file.ts';
import { toEnrollmentId } from '../../contract/ids.ts';
import { KEY_TYPES } from '../../contract/key-types.ts';
import { judgeCsr } from '../../core/csr/judge-csr.ts';
import { keyRing } from '../../core/key-ring.ts';
import { csrToSign, deliveryThumbprint, finishCsr, type SignatureForm } from '../../sdk/index.ts';

const vectors = readVectors();
const file = readSignedElsewhere();
const bound = { challenge: file.challenge, deliveryThumbprint: Buffer.from(file.deliveryThumbprint, 'hex') };
const schema: unknown = JSON.parse(readFileSync(new URL('../../conformance/signed-elsewhere.schema.json', import.meta.url), 'utf8'));

test('the file fits its schema; made again with its keys and signatures it is the same', () => {
  const validate = new Ajv2020({ allErrors: true }).compile(Object(schema));
  validate(file);
  expect(validate.errors).toBeNull();
  expect(validate({ ...file, refused: [] })).toBe(false);
  expect(buildSignedElsewhere(vectors, file)).toEqual(file);
  expect(file.requests.map(({ keyType }) => keyType)).toEqual(KEY_TYPES);
  expect(deliveryThumbprint(file.deliveryKey).toString('hex')).toBe(file.deliveryThumbprint);
});

describe.each(file.requests)('a key $keyType outside the SDK', ({ keyType, publicKey, hash, certificationRequestInfo, signatures }) => {
  const octets = Buffer.from(certificationRequestInfo, 'base64');
  const spki = Buffer.from(publicKey.spki, 'base64');

  test('signs the same octets whether it comes as SPKI or as JWK', () => {
    const asked = { keyType, hash, octets };
    expect(csrToSign({ publicKey: { spki }, ...bound })).toEqual(asked);
    expect(csrToSign({ publicKey: { jwk: { ...publicKey.jwk, alg: 'any', key_ops: ['verify'] } }, ...bound })).toEqual(asked);
  });

  const given = signatures.flatMap(({ what, raw, der, pkcs1, csr, pem }) =>
    Object.entries({ raw, der, pkcs1 }).flatMap(([form, hex]) => (hex === undefined ? [] : [{ what, form, hex, csr, pem }])),
  );
  test.each(given)('$what: $form gives the request of the vectors, and the gate of the service takes it', ({ form, hex, csr, pem }) => {
    const finished = finishCsr({ octets, signature: Buffer.from(hex, 'hex'), form: formOf(form) });
    expect(finished).toEqual({ der: Buffer.from(csr, 'base64'), pem });
    expect(judge(pem)).toMatchObject({ ok: true, keyType });
  });

  const refused = file.refused.filter((one) => one.keyType === keyType);
  test.each(refused)('$form is refused: $reason', ({ form, signature }) => {
    expect(() => finishCsr({ octets, signature: Buffer.from(signature, 'hex'), form })).toThrow(
      expect.objectContaining({
        code: 'signature_refused',
        message: expect.stringMatching(/^(signature of form|the signature does not verify)/),
      }),
    );
  });
});

function formOf(text: string): SignatureForm {
  if (text === 'raw' || text === 'der' || text === 'pkcs1') return text;
  throw new Error(`no form: ${text}`);
}

function judge(csrText: string) {
  const { kid, key } = vectors.challenge;
  const challengeKeys = keyRing([{ kid: String(Number.parseInt(kid, 16)), key: Buffer.from(key, 'hex') }]);
  const enrollmentId = toEnrollmentId(vectors.enrollment.enrollmentId);
  const input = { enrollmentId, csrText, deliveryKey: file.deliveryKey, receivedAt: new Date(vectors.enrollment.now) };
  return judgeCsr(input, { challengeKeys, allowedKeyTypes: KEY_TYPES });
}
