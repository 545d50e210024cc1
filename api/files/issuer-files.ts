import { createHash, X509Certificate } from 'node:crypto';
import { writePem } from '../../core/pki/write-pem.ts';
import type { PublishedIssuer } from '../../store/published-files.ts';
import type { PublicFile } from './public-file.ts';

/** The files of one issuer; both PEM forms are parts of larger files too. */
export interface IssuerFiles {
  readonly certificate: PublicFile;
  /** Stands in the bundle only. */
  readonly certificatePem: PublicFile;
  readonly crl?: PublicFile;
  readonly crlPem?: PublicFile;
}

const CRL_MAX_AGE = 60;
/** A certificate never changes under its name. */
const CERTIFICATE_MAX_AGE = 3_600;

/** Pure. The PEM of a large CRL is written when somebody asks for it, once. */
export function issuerFiles({ certificate, crl }: PublishedIssuer): IssuerFiles {
  const ca = {
    modifiedAt: new Date(new X509Certificate(certificate).validFrom),
    maxAgeSeconds: CERTIFICATE_MAX_AGE,
    goodUntil: undefined,
  };
  const files = {
    certificate: { ...ca, ...derOf(certificate), type: 'application/pkix-cert' as const },
    certificatePem: { ...ca, ...pemOf('CERTIFICATE', certificate) },
  };
  if (crl === undefined) return files;
  const { der, modifiedAt, nextUpdate: goodUntil } = crl;
  const list = { modifiedAt, goodUntil, maxAgeSeconds: CRL_MAX_AGE };
  return {
    ...files,
    crl: { ...list, ...derOf(der), type: 'application/pkix-crl' },
    crlPem: { ...list, ...pemOf('X509 CRL', der) },
  };
}

function derOf(der: Uint8Array) {
  return { etag: `"${digestOf(der)}"`, parts: () => [der] };
}

function pemOf(label: 'CERTIFICATE' | 'X509 CRL', der: Uint8Array) {
  let written: readonly Uint8Array[] | undefined;
  const parts = (): readonly Uint8Array[] => {
    written ??= [Buffer.from(writePem(label, der), 'latin1')];
    return written;
  };
  return { etag: `"${digestOf(der)}-pem"`, parts, type: 'application/x-pem-file' as const };
}

/** 128 bits of SHA-256 of the DER octets, which say the PEM ones too. */
export function digestOf(octets: Uint8Array | string): string {
  return createHash('sha256').update(octets).digest().subarray(0, 16).toString('base64url');
}
