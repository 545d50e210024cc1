import { X509Certificate } from 'node:crypto';

/** The certificates that a partner CA must have nothing to do with, PEM: root, issuing CAs, and our own TLS certificate with its chain. */
export interface OurCertificates {
  cas: readonly string[];
  tls: string;
}

/**
 * Whoever may make partner certificates must not be one of our CAs, stand above or below one, or hold a key of one: else a device's
 * certificate, or a server's, would open the calls of a Token Service. One sentence each.
 */
export function* trustStoreFaults(partnerCaPem: string, ours: OurCertificates): Generator<string> {
  const partnerCas = certificatesOf(partnerCaPem);
  const certificates = [...ours.cas, ours.tls].flatMap((pem) => certificatesOf(pem) ?? [undefined]);
  if (partnerCas === undefined || certificates.includes(undefined)) {
    yield 'The certificates beside CS_PARTNER_CA_FILE cannot be read: each of them is one or more PEM blocks "CERTIFICATE".';
    return;
  }
  for (const partnerCa of partnerCas) {
    if (!partnerCa.ca) yield `CS_PARTNER_CA_FILE holds ${nameOf(partnerCa)}, which is no CA certificate.`;
    const relative = certificates.find((one) => one !== undefined && areRelated(partnerCa, one));
    if (relative !== undefined)
      yield `CS_PARTNER_CA_FILE holds ${nameOf(partnerCa)}, which is, shares a key with, or is in one chain with ${nameOf(relative)}, a certificate of this service. Use a CA that issues to partners only.`;
  }
}

function areRelated(one: X509Certificate, other: X509Certificate): boolean {
  return keyOf(one).equals(keyOf(other)) || hasIssued(one, other) || hasIssued(other, one);
}

function hasIssued(issuer: X509Certificate, subject: X509Certificate): boolean {
  return subject.checkIssued(issuer) && subject.verify(issuer.publicKey);
}

function keyOf(certificate: X509Certificate): Buffer {
  return certificate.publicKey.export({ type: 'spki', format: 'der' });
}

function certificatesOf(pem: string): X509Certificate[] | undefined {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g);
  try {
    return blocks?.map((block) => new X509Certificate(block));
  } catch {
    return undefined;
  }
}

function nameOf({ subject }: X509Certificate): string {
  return `"${subject.replaceAll('\n', ', ')}"`;
}
