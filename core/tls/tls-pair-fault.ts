import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';

/** Certificate chain and private key, PEM. */
export interface TlsPair {
  readonly certificate: string;
  readonly key: string;
}

/**
 * Why nobody could use this chain with this key, with what to do about it; undefined when there is no reason. Continues a sentence that
 * begins with the names of both. No text of the files in it. Pure, never throws, may be repeated. Dates are not judged here.
 */
export function tlsPairFault({ certificate, key }: TlsPair): string | undefined {
  const chain = readChain(certificate);
  if (typeof chain === 'string') return chain;
  const privateKey = readKey(key);
  if (typeof privateKey === 'string') return privateKey;
  const place = chain.findIndex((each) => each.checkPrivateKey(privateKey));
  if (place === -1) return 'do not belong together: the key is not the one of the certificate. Name two files that one renewal wrote';
  if (place > 0)
    return `are in the wrong order: the certificate of the key is number ${place + 1} in its file. Put it first, then its issuer, and so on (RFC 8446 section 4.4.2)`;
  return orderFault(chain);
}

/** When the first certificate is not in force at this time, a sentence about that; undefined when it is. */
export function tlsDatesFault({ certificate }: Pick<TlsPair, 'certificate'>, now: Date): string | undefined {
  const leaf = new X509Certificate(certificate);
  if (Date.parse(leaf.validFrom) > now.getTime()) return `the certificate begins at ${leaf.validFrom}`;
  return Date.parse(leaf.validTo) <= now.getTime() ? `the certificate ended at ${leaf.validTo}` : undefined;
}

const CERTIFICATES = /-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----[^-]*-----END (?:X509 |TRUSTED )?CERTIFICATE-----/g;

function readChain(pem: string): X509Certificate[] | string {
  const blocks = pem.match(CERTIFICATES) ?? [];
  if (blocks.length === 0)
    return pem.includes('PRIVATE KEY-----')
      ? 'look exchanged: the certificate file holds a private key'
      : 'cannot be used: the certificate file holds no certificate (BEGIN CERTIFICATE)';
  try {
    return blocks.map((block) => new X509Certificate(block));
  } catch {
    return 'cannot be used: a certificate in the certificate file is damaged. Look at it with openssl x509 -text -noout -in <file>';
  }
}

function readKey(pem: string): KeyObject | string {
  if (/-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: 4,ENCRYPTED/m.test(pem))
    return 'cannot be used: the key is encrypted, and this one needs no passphrase: openssl pkey -in <file> -out <new file>';
  if (!pem.includes('PRIVATE KEY-----'))
    return pem.includes('CERTIFICATE-----')
      ? 'look exchanged: the key file holds a certificate'
      : 'cannot be used: the key file holds no private key (BEGIN PRIVATE KEY)';
  try {
    return createPrivateKey(pem);
  } catch {
    return 'cannot be used: the private key is damaged. Look at it with openssl pkey -check -noout -in <file>';
  }
}

function orderFault(chain: readonly X509Certificate[]): string | undefined {
  const wrong = chain.findIndex((each, i) => {
    const next = chain[i + 1];
    return next !== undefined && !each.checkIssued(next);
  });
  return wrong === -1
    ? undefined
    : `are in the wrong order: certificate ${wrong + 2} in its file did not issue certificate ${wrong + 1}. After the server's own come its issuer, then the issuer of that, the root left out`;
}
