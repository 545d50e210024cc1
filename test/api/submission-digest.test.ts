import { expect, test } from 'vitest';
import { submissionDigest } from '../../api/submission-digest.ts';
import { base64, buildRequest, delivery, pem } from '../../conformance/csr-cases/build-request.ts';

const der = buildRequest();
const digestOf = (csr: string) => submissionDigest({ csr, deliveryKey: { ...delivery }, deliveryFormat: 'jwe' });

test('one request has one digest, whatever label and white space its text has: sent again by another tool it is the same submission', () => {
  const texts = [
    pem(der),
    base64(der),
    pem(der, 'NEW CERTIFICATE REQUEST'),
    pem(der, 'CERTIFICATE REQUEST', '\r'),
    pem(der).replaceAll('\n', ' \n\n  '),
  ];
  expect(new Set(texts.map(digestOf)).size).toBe(1);
});

test('another request has another, and so has the same one encoded twice, which is no request', () => {
  const others = [pem(buildRequest()), base64(Buffer.from(pem(der))), `\ufeff${pem(der)}`];
  expect(new Set([digestOf(pem(der)), ...others.map(digestOf)]).size).toBe(4);
});
