import { createHash, createPublicKey, ECDH, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { keysCommand } from '../../cli/commands/keys.ts';
import { readPublicKey } from '../../cli/read-public-key.ts';
import { ecSpki } from '../../conformance/csr-cases/build-request.ts';
import { buildCsr } from '../../sdk/csr/build-csr.ts';
import { csrPem } from '../../sdk/csr/csr-pem.ts';
import { filesIn, testHierarchy, testKey } from '../core/pki/test-hierarchy.ts';
import { freshDatabase } from '../rig/fresh-database.ts';

const EC = generateKeyPairSync('ec', { namedCurve: 'P-384' });
const RSA = generateKeyPairSync('rsa', { modulusLength: 2_048 });
const spkiOf = (key: KeyObject) => (key.type === 'private' ? createPublicKey(key) : key).export({ type: 'spki', format: 'der' });
const request = (userKey: KeyObject) => buildCsr({ userKey, challenge: '0'.repeat(82), deliveryThumbprint: new Uint8Array(32) });

/** A P-256 key whose point was changed. */
function pointOf(change: (point: Buffer) => Uint8Array): Buffer {
  const point = spkiOf(generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey).subarray(-65);
  return Buffer.from(ecSpki(change(point)));
}

/** 30 …, the point of P-256 as 02/03 ‖ x: as OpenSSL writes it with -conv_form compressed. */
function compressed(key: KeyObject): Buffer {
  const spki = spkiOf(key);
  const point = Buffer.from(ECDH.convertKey(spki.subarray(-65), 'prime256v1', undefined, 'hex', 'compressed').toString(), 'hex');
  const algorithm = spki.subarray(2, 23);
  return Buffer.concat([Buffer.from([0x30, 0x39]), algorithm, Buffer.from([0x03, 0x22, 0x00]), point]);
}

describe('the key that cs keys block finds in a file', () => {
  const { issuers } = testHierarchy();
  const rootPem = issuers.root.certificatePem;
  const rootDer = Buffer.from(rootPem.replaceAll(/-----[^-]+-----|\s/g, ''), 'base64');
  const P256 = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  it.each([
    ['a public key in PEM', Buffer.from(EC.publicKey.export({ type: 'spki', format: 'pem' })), EC.publicKey],
    ['a public key in DER', RSA.publicKey.export({ type: 'spki', format: 'der' }), RSA.publicKey],
    ['a CSR in PEM', Buffer.from(csrPem(request(EC.privateKey))), EC.publicKey],
    ['a CSR in DER', Buffer.from(request(RSA.privateKey)), RSA.publicKey],
    ['a certificate in PEM', Buffer.from(rootPem), createPublicKey(testKey('root'))],
    ['a certificate in DER', rootDer, createPublicKey(testKey('root'))],
    ['a public key with a compressed point', compressed(P256.publicKey), P256.publicKey],
  ])('is the one of %s, in the encoding that the gate accepts', (_what, file, key) => {
    expect(Buffer.from(readPublicKey(file)).equals(spkiOf(key))).toBe(true);
  });

  it.each([
    ['a private key', Buffer.from(EC.privateKey.export({ type: 'pkcs8', format: 'pem' })), /private key/],
    ['a key of another kind', generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'der' }), /no RSA, P-256 or P-384/],
    ['a point that lacks an octet', pointOf((point) => point.subarray(0, -1)), /no RSA, P-256 or P-384/],
    [
      'a point off the curve',
      pointOf((point) => Buffer.from([...point.subarray(0, -1), (point.at(-1) ?? 0) ^ 1])),
      /no RSA, P-256 or P-384/,
    ],
    ['a point with a wrong prefix', pointOf((point) => Buffer.from([5, ...point.subarray(1)])), /no RSA, P-256 or P-384/],
    ['nothing', Buffer.alloc(0), /no RSA, P-256 or P-384/],
    ['a text', Buffer.from('hello'), /no RSA, P-256 or P-384/],
  ])('is none in %s', (_what, file, sentence) => expect(() => readPublicKey(file)).toThrow(sentence));
});

describe('cs keys, with the rights of an operator', () => {
  it('blocks by file and by hash, tells what was blocked before, and lists', async () => {
    const { urlOf, db } = await freshDatabase();
    const path = filesIn({ url: urlOf('cs_operator'), 'device.csr.pem': csrPem(request(EC.privateKey)) });
    vi.stubEnv('CS_DATABASE_URL_FILE', path('url'));
    onTestFinished(() => void vi.unstubAllEnvs());
    const hash = createHash('sha256').update(spkiOf(EC.publicKey)).digest('hex');
    expect(await cs('block', path('device.csr.pem'), '--reason', 'stolen phone', '--by', 'ann')).toBe(`Blocked ${hash}.`);
    expect(await cs('block', hash.toUpperCase(), '--reason', 'again')).toContain('was blocked before');
    expect(JSON.parse(await cs('list', '--json'))).toMatchObject([{ spkiSha256: hash, reason: 'stolen phone', blockedBy: 'operator:ann' }]);
    expect(await cs('list')).toMatch(new RegExp(`^${hash}  .*  operator:ann  stolen phone$`));
    expect(await db.audit.findMany()).toMatchObject([{ actor: 'operator:ann', action: 'key.block', detail: { login: 'cs_operator' } }]);
    await cs('block', '0'.repeat(64), '--reason', 'x\n\u001b[2Jblocked by nobody');
    const lines = (await cs('list')).split('\n');
    expect(lines).toHaveLength(2);
    expect(lines[0]).toContain('x\\u{a}\\u{1b}[2Jblocked by nobody');
    await expect(cs('block', 'no-such-file', '--reason', 'x')).rejects.toThrow(/neither a file nor/);
    await expect(cs('block', hash, '--reason', 'x', '--by', 'Jane Doe')).rejects.toThrow('"Jane Doe" cannot stand in the audit as a name');
    await expect(cs('block', hash, '--reason', ' ')).rejects.toThrow(/--reason/);
    expect(await db.blockedKey.count()).toBe(2);
  });
});

/** What the command prints. */
async function cs(...args: string[]): Promise<string> {
  const printed = vi.spyOn(console, 'log').mockImplementation(() => undefined);
  try {
    await keysCommand().parseAsync(args, { from: 'user' });
    return printed.mock.calls.flat().join('\n');
  } finally {
    printed.mockRestore();
  }
}
