import { X509Certificate } from 'node:crypto';

type Values = Readonly<Record<string, unknown>>;

const ISSUING = { issuingRsaCertificate: 'CS_ISSUING_RSA_CERT_FILE', issuingEcCertificate: 'CS_ISSUING_EC_CERT_FILE' };

/** CA certificates of the issuance process that are good alone and do not belong together, one sentence each. */
export function* caFaults(values: Values): Generator<string> {
  const root = certificateIn(values['rootCertificate']);
  if (root === undefined || values['issuingRsaKey'] === undefined) return;
  if (!hasIssued(root, root)) yield `CS_ROOT_CERT_FILE holds ${nameOf(root)}, which is no root: it did not sign itself.`;
  for (const [name, env] of Object.entries(ISSUING)) {
    const issuing = certificateIn(values[name]);
    if (issuing !== undefined && !hasIssued(root, issuing))
      yield `${env} holds ${nameOf(issuing)}, which ${nameOf(root)} of CS_ROOT_CERT_FILE did not issue. Both come from one \`cs ca init\`.`;
  }
}

function certificateIn(pem: unknown): X509Certificate | undefined {
  return typeof pem === 'string' ? new X509Certificate(pem) : undefined;
}

function hasIssued(issuer: X509Certificate, subject: X509Certificate): boolean {
  return subject.checkIssued(issuer) && subject.verify(issuer.publicKey);
}

function nameOf({ subject }: X509Certificate): string {
  return `"${subject.split('\n').join(', ')}"`;
}
