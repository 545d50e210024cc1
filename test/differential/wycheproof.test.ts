import { expect, test } from 'vitest';
import { ALGORITHM, base64, buildRequest, submission } from '../../conformance/csr-cases/build-request.ts';
import { KEY_TYPES, type KeyType } from '../../contract/key-types.ts';
import { judgeCsr } from '../../core/csr/judge-csr.ts';
import { signatureVerifies } from '../../core/csr/verify-signature.ts';
import { judgeKey } from '../../core/keys/key-policy.ts';
import { KeyRefused } from '../../core/keys/key-refused.ts';
import { deps } from '../core/csr/gate-deps.ts';
import { type VectorGroup, wycheproof } from './wycheproof-vectors.ts';

/*
 * Public signature vectors. A vector signs its own message, not a request: so its message stands for the request's info in our check, and its
 * signature is wrapped into a request that it cannot belong to. The same flaws in requests of our own key: conformance/csr-cases.
 */
const vectors = wycheproof();
const missing = 'missing' in vectors ? vectors.missing : undefined;
const FILES: readonly [file: string, digest: 'sha256' | 'sha384', sha: string][] = [
  ['ecdsa_secp256r1_sha256_test.json', 'sha256', 'SHA-256'],
  ['ecdsa_secp384r1_sha384_test.json', 'sha384', 'SHA-384'],
  ['ecdsa_test.json', 'sha256', 'SHA-256'],
  ['rsa_signature_2048_sha256_test.json', 'sha256', 'SHA-256'],
  ['rsa_signature_3072_sha256_test.json', 'sha256', 'SHA-256'],
  ['rsa_signature_test.json', 'sha256', 'SHA-256'],
];

test.skipIf(missing !== undefined).each(FILES)(
  `Wycheproof %s: ${missing === undefined ? 'every valid signature of a key that is allowed verifies, no invalid one does' : `skipped, ${missing}`}`,
  (file, digest, sha) => {
    const counts = { verified: 0, refused: 0, refusedAcceptable: 0, keyRefused: 0, wrapped: 0 };
    for (const group of groupsOf(file, sha)) {
      const spki = Buffer.from(group.keyDer, 'hex');
      const type = typeOf(spki);
      if (type === undefined) {
        counts.keyRefused += group.tests.length;
        continue;
      }
      for (const { tcId, msg, sig, result } of group.tests) {
        const signature = { octets: Buffer.from(sig, 'hex') };
        const verifies = signatureVerifies(
          { info: Buffer.from(msg, 'hex'), spki: { octets: spki }, algorithm: { digest }, signature },
          type,
        );
        if (result !== 'acceptable') expect({ file, tcId, verifies }).toEqual({ file, tcId, verifies: result === 'valid' });
        counts[verifies ? 'verified' : result === 'acceptable' ? 'refusedAcceptable' : 'refused'] += 1;
        expect({ file, tcId, wrapped: codeOfWrapped(spki, signature.octets, type, digest) }).toEqual({
          file,
          tcId,
          wrapped: 'csr_signature_invalid',
        });
        counts.wrapped += 1;
      }
    }
    process.stdout.write(`${file}: ${JSON.stringify(counts)}\n`);
    expect(counts.verified + counts.keyRefused).toBeGreaterThan(0);
    expect(counts.refused + counts.keyRefused).toBeGreaterThan(0);
  },
  180_000,
);

function groupsOf(file: string, sha: string): VectorGroup[] {
  return 'missing' in vectors ? [] : vectors.groups(file).filter((group) => group.sha === sha);
}

function typeOf(spki: Uint8Array): KeyType | undefined {
  try {
    return judgeKey(spki, KEY_TYPES);
  } catch (error) {
    if (error instanceof KeyRefused) return undefined;
    throw error;
  }
}

function codeOfWrapped(spki: Uint8Array, signature: Uint8Array, type: KeyType, digest: 'sha256' | 'sha384'): string {
  const algorithm = type.startsWith('RSA') ? ALGORITHM.rs256 : digest === 'sha256' ? ALGORITHM.es256 : ALGORITHM.es384;
  const verdict = judgeCsr(submission({ csrText: base64(buildRequest({ spki, algorithm, signature: () => signature })) }), deps);
  return verdict.ok ? 'accepted' : verdict.refusal.code;
}
