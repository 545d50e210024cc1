import { describe, expect, test } from 'vitest';
import { base64, buildRequest, delivery, p256, pem, rsa2048, spkiOf } from '../../../conformance/csr-cases/build-request.ts';
import { findPrivateKey } from '../../../core/csr/find-private-key.ts';

const pkcs8 = p256.export({ format: 'der', type: 'pkcs8' });
const keyPem = p256.export({ format: 'pem', type: 'pkcs8' }).toString();

describe('a private key is found before anything of the submission is stored', () => {
  test.each([
    ['PKCS#8 PEM', keyPem],
    ['PEM with escaped line breaks', JSON.stringify(keyPem)],
    ['the key behind the request', pem(buildRequest()) + keyPem],
    ['the label of a request', pem(pkcs8)],
    ['PKCS#8 in base64', base64(pkcs8)],
    ['PKCS#1 in base64', base64(rsa2048.export({ format: 'der', type: 'pkcs1' }))],
    ['SEC1 in base64', base64(p256.export({ format: 'der', type: 'sec1' }))],
    ['base64 in lines', base64(pkcs8).replaceAll(/(.{76})/g, '$1\n')],
    ['base64url without padding', pkcs8.toString('base64url')],
    ['hex', pkcs8.toString('hex')],
    ['base64 of a PEM', base64(Buffer.from(keyPem))],
    ['base64 of a PEM, in quotation marks', JSON.stringify(base64(Buffer.from(keyPem)))],
    ['hex of a PEM', Buffer.from(keyPem).toString('hex')],
    ['base64 of base64 of PKCS#8', base64(Buffer.from(base64(pkcs8)))],
    ['base64 of a private JWK', base64(Buffer.from(JSON.stringify(p256.export({ format: 'jwk' }))))],
    ['PEM in a text that is too large', keyPem + ' '.repeat(70_000)],
    ['a cut-off key', base64(pkcs8.subarray(0, -5))],
    ['an indefinite length', base64(Buffer.concat([Buffer.from('3080', 'hex'), pkcs8.subarray(3), Buffer.alloc(2)]))],
  ])('%s', (_title, text) => {
    expect(findPrivateKey(text, delivery)).toMatchObject({ code: 'csr_private_key_sent' });
  });

  test('the member d of the delivery key', () => {
    expect(findPrivateKey(pem(buildRequest()), { ...delivery, d: 'AA' })).toMatchObject({ code: 'delivery_key_private_sent' });
  });

  test.each([
    ['a PEM', keyPem],
    ['PKCS#8 in base64', base64(pkcs8)],
    ['base64 of a PEM', base64(Buffer.from(keyPem))],
    ['a private JWK', JSON.stringify(p256.export({ format: 'jwk' }))],
  ])('%s as a member of the delivery key', (_title, value) => {
    const found = { code: 'delivery_key_private_sent' };
    expect(findPrivateKey(pem(buildRequest()), { ...delivery, x: value })).toMatchObject(found);
    expect(findPrivateKey(pem(buildRequest()), { key: value })).toMatchObject(found);
  });

  test.each([
    ['a request', pem(buildRequest())],
    ['a request in base64', base64(buildRequest())],
    ['base64 of the PEM of a request', base64(Buffer.from(pem(buildRequest())))],
    ['a public key', base64(spkiOf(p256))],
    ['a PKCS#1 public key, two numbers', base64(rsaPublicKey())],
    ['nothing', ''],
    ['a text', 'not a key'],
  ])('%s is none', (_title, text) => {
    expect(findPrivateKey(text, delivery)).toBeUndefined();
  });
});

function rsaPublicKey(): Uint8Array {
  return spkiOf(rsa2048).subarray(24);
}
