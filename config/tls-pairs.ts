import { tlsPairFault } from '../core/tls/tls-pair-fault.ts';
import { contentOf } from './watched-file.ts';

type Values = Readonly<Record<string, unknown>>;

/** Every pair of certificate and key that a process shows to others: the settings, and their variables. */
const PAIRS = [
  ['tlsCertificate', 'tlsKey', 'CS_TLS_CERT_FILE', 'CS_TLS_KEY_FILE'],
  ['codecTlsCertificate', 'codecTlsKey', 'CS_CODEC_TLS_CERT_FILE', 'CS_CODEC_TLS_KEY_FILE'],
  ['temporalTlsCertificate', 'temporalTlsKey', 'CS_TEMPORAL_TLS_CERT_FILE', 'CS_TEMPORAL_TLS_KEY_FILE'],
] as const;

/** A certificate without its key, a key without its certificate, two that do not belong together, a chain in the wrong order. */
export function* tlsPairFaults(values: Values): Generator<string> {
  for (const [certificateName, keyName, certificateEnv, keyEnv] of PAIRS) {
    const [certificate, key] = [contentOf(values[certificateName]), contentOf(values[keyName])];
    if (certificate === undefined && key === undefined) continue;
    // One of them may be missing because it could not be read, which was said already.
    if ((certificate === undefined && !(certificateName in values)) || (key === undefined && !(keyName in values))) continue;
    const fault = certificate === undefined || key === undefined ? 'are set together or not at all' : tlsPairFault({ certificate, key });
    if (fault !== undefined) yield `${certificateEnv} and ${keyEnv} ${fault}.`;
  }
}
