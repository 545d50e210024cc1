import { constants } from 'node:crypto';
import { createSecureContext, type SecureContextOptions } from 'node:tls';
import { type TlsPair, tlsDatesFault, tlsPairFault } from '../core/tls/tls-pair-fault.ts';

/** TLS 1.2 only with ECDHE and AEAD (RFC 9325 §4.2); 1.3 has nothing else. */
const CIPHERS = [
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'TLS_AES_128_GCM_SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
].join(':');
/** No SHA-1, which TLS 1.2 would still sign with (RFC 9155). */
const SIGNATURES = [
  'ecdsa_secp256r1_sha256',
  'ecdsa_secp384r1_sha384',
  'ecdsa_secp521r1_sha512',
  'ed25519',
  'rsa_pss_rsae_sha256',
  'rsa_pss_rsae_sha384',
  'rsa_pss_rsae_sha512',
  'rsa_pkcs1_sha256',
  'rsa_pkcs1_sha384',
  'rsa_pkcs1_sha512',
].join(':');
/** No finite field groups: one handshake with ffdhe8192 costs the server some hundred times what it costs the client (CVE-2002-20001). */
const GROUPS = 'X25519:P-256:P-384';
/** Where OpenSSL knows it (3.5, Node 24): safe against who records today and has a quantum computer later. */
const HYBRID_GROUPS = `X25519MLKEM768:${GROUPS}`;

/** A renegotiation costs the server more than the client. */
const NO_RENEGOTIATION = constants.SSL_OP_NO_RENEGOTIATION;
/**
 * A resumed session is authorised as the first handshake was, whatever has expired since, for two hours by OpenSSL's default: where client
 * certificates are asked for, each connection shows its own. In TLS 1.3 OpenSSL then hands out tickets that stand for an entry of a cache;
 * Node keeps none unless somebody listens for `resumeSession`.
 */
const NO_TICKET = constants.SSL_OP_NO_TICKET;

/** What every TLS listener of ours speaks, with this pair. `clientCas`: who may have signed client certificates, where they are asked for. */
export function tlsContext({ certificate, key }: TlsPair, clientCas?: string): SecureContextOptions {
  return {
    cert: certificate,
    key,
    minVersion: 'TLSv1.2',
    ciphers: CIPHERS,
    honorCipherOrder: true,
    sigalgs: SIGNATURES,
    ecdhCurve: knows(HYBRID_GROUPS) ? HYBRID_GROUPS : GROUPS,
    ...(clientCas === undefined ? { secureOptions: NO_RENEGOTIATION } : { secureOptions: NO_RENEGOTIATION | NO_TICKET, ca: clientCas }),
  };
}

function knows(groups: string): boolean {
  try {
    createSecureContext({ ecdhCurve: groups });
    return true;
  } catch {
    return false;
  }
}

/** Why this pair would make a listener that no client accepts; undefined when there is no reason. No text of the files in it. */
export function faultOfPair(pair: TlsPair, now: Date): string | undefined {
  return tlsPairFault(pair) ?? tlsDatesFault(pair, now) ?? contextFault(pair);
}

function contextFault(pair: TlsPair): string | undefined {
  try {
    createSecureContext(tlsContext(pair));
    return undefined;
  } catch {
    return 'certificate or key is of a kind that TLS does not take';
  }
}
