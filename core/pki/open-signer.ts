import { createPrivateKey, type KeyObject, sign, X509Certificate } from 'node:crypto';
import type { IssuerId } from '../../contract/key-types.ts';
import { octetsOf } from './octets.ts';
import type { Signer } from './signer.ts';

export interface SignerFiles {
  readonly issuerId: IssuerId;
  readonly certificatePem: string;
  /** Encrypted PKCS#8, PEM. A clear key is refused. */
  readonly encryptedKeyPem: string;
  readonly passphrase: string;
}

/**
 * Opens a local issuer key. Pure computation over the given texts; may be repeated. Signing is synchronous, because node's thread
 * pool is busy with RSA generation and Argon2 in the same process (facts). Throws an `Error` with one sentence that names the issuer
 * and says what does not fit; never with key or passphrase in it.
 */
export function openSigner(files: SignerFiles): Signer {
  const { issuerId } = files;
  const certificate = openCertificate(files);
  const key = openKey(files);
  if (!certificate.checkPrivateKey(key))
    throw new Error(`The private key of ${issuerId} does not belong to its certificate: are both of one cs ca init?`);
  if (!certificate.ca)
    throw new Error(`The certificate of ${issuerId} is not one of a certificate authority: name the file that cs ca init wrote.`);
  if (!isSigningKey(key)) throw new Error(`The private key of ${issuerId} is neither RSA of at least 3072 bits nor EC P-256.`);
  return { issuerId, certificateDer: octetsOf(certificate.raw), sign: (tbs) => sign('sha256', tbs, key) };
}

function openCertificate({ issuerId, certificatePem }: SignerFiles): X509Certificate {
  try {
    return new X509Certificate(certificatePem);
  } catch {
    throw new Error(`The certificate of ${issuerId} cannot be read as PEM: name the file that cs ca init wrote.`);
  }
}

function openKey({ issuerId, encryptedKeyPem, passphrase }: SignerFiles): KeyObject {
  if (!encryptedKeyPem.includes('-----BEGIN ENCRYPTED PRIVATE KEY-----')) {
    throw new Error(
      `The private key of ${issuerId} is not an encrypted PKCS#8 file, and a clear key is refused: openssl pkcs8 -topk8 -v2 aes-256-cbc -in <file> -out <new file>`,
    );
  }
  try {
    return createPrivateKey({ key: encryptedKeyPem, format: 'pem', passphrase });
  } catch {
    throw new Error(
      `The private key of ${issuerId} cannot be opened: wrong passphrase or damaged file. Try openssl pkey -noout -in <file>.`,
    );
  }
}

function isSigningKey({ asymmetricKeyType: type, asymmetricKeyDetails: details }: KeyObject): boolean {
  return type === 'rsa' ? (details?.modulusLength ?? 0) >= 3072 : type === 'ec' && details?.namedCurve === 'prime256v1';
}
