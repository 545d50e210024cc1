import { X509Certificate } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { TLSSocket } from 'node:tls';
import type { Config } from '../config/load-config.ts';
import { ServiceError } from '../contract/service-error.ts';
import type { Client } from './access-token.ts';
import { subjectAltNames } from './subject-alt-names.ts';

type Partners = NonNullable<Config<'api'>['partners']>;

const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2';

export interface PartnerTrust {
  /** PEM of every CA that a partner certificate chains to. */
  ca: string;
  partners: Partners;
  now: () => number;
}

/**
 * Who a client certificate stands for. TLS checked the chain when the connection began; here it is judged for each request again: still
 * in time, made by our partners' CA, for client authentication (Node does not look, RFC 5280 §4.2.1.12), and with exactly one name that
 * is configured. Errors: `invalid_token`.
 */
export function partnersBy({ ca, partners, now }: PartnerTrust): (req: IncomingMessage) => Client {
  const cas = certificatesOf(ca);
  const bySan = new Map(partners.map(({ san, clientId, scopes }) => [san, { clientId, scopes: new Set(scopes) }]));
  return (req) => {
    if (req.headers.authorization !== undefined)
      throw refused('On this listener the certificate is the credential: send no Authorization.');
    const certificate = certificateOf(req);
    requireUsable(certificate, cas, now());
    const names = subjectAltNames(certificate.subjectAltName);
    const [client, another] = names.flatMap((name) => bySan.get(name) ?? []);
    if (client === undefined || another !== undefined) throw refused('The certificate has no name, or more than one, that is configured.');
    return client;
  };
}

function certificateOf({ socket }: IncomingMessage): X509Certificate {
  const certificate = socket instanceof TLSSocket && socket.authorized ? socket.getPeerX509Certificate() : undefined;
  if (certificate === undefined) throw refused('A client certificate is needed.');
  return certificate;
}

function requireUsable(certificate: X509Certificate, cas: readonly X509Certificate[], now: number): void {
  if (certificate.ca) throw refused('A CA certificate does not open a call.');
  if (!isInTime(certificate, now)) throw refused('The certificate is not valid now.');
  if (!chains(certificate, cas, now))
    throw refused('The certificate was not made by a CA of the partners that is valid now, up to its root.');
  // Typed as never missing; without the extension there is none.
  const usages: readonly string[] | undefined = certificate.keyUsage;
  if (!(usages ?? []).includes(CLIENT_AUTH)) throw refused('The extended key usage lacks clientAuth.');
}

/** Every CA up to one that signed itself: one that ran out takes all below it along (RFC 5280 §6.1.3), also on a connection that lives on. */
function chains(certificate: X509Certificate, cas: readonly X509Certificate[], now: number): boolean {
  const issuers = cas.filter((ca) => isInTime(ca, now) && certificate.checkIssued(ca) && certificate.verify(ca.publicKey));
  // Without those that were met already: cross certificates may go round.
  const others = cas.filter((ca) => !issuers.includes(ca));
  return issuers.some((ca) => ca.checkIssued(ca) || chains(ca, others, now));
}

function isInTime({ validFrom, validTo }: X509Certificate, now: number): boolean {
  return Date.parse(validFrom) <= now && now <= Date.parse(validTo);
}

function certificatesOf(pem: string): X509Certificate[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  return blocks.map((block) => new X509Certificate(block));
}

function refused(detail: string): ServiceError {
  return new ServiceError('invalid_token', detail);
}
