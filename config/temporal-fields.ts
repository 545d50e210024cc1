import { z } from 'zod';
import { text, value, watched, watchedPem } from './field.ts';
import { isLoopback } from './loopback.ts';

const apiKey = z.object({
  path: text,
  content: text.transform((content) => content.trim()).pipe(z.string().regex(/^[\x21-\x7e]+$/, 'must hold one key and nothing else')),
});
/** What the client and the worker of the SDK read alike; a scheme or a list is none. */
const ADDRESS = /^(?:\[(?<ipv6>[0-9a-fA-F:.]+)\]|(?<name>[A-Za-z0-9._-]+))(?::\d{1,5})?$/;

/** How a process reaches Temporal and proves who it is. */
export const TEMPORAL = {
  temporalAddress: value('CS_TEMPORAL_ADDRESS', text.regex(ADDRESS, 'must be host:port'), 'host:port of the Temporal frontend.'),
  temporalNamespace: value('CS_TEMPORAL_NAMESPACE', text.default('default'), 'Temporal namespace.'),
  temporalTlsCa: watched(
    'CS_TEMPORAL_TLS_CA_FILE',
    false,
    watchedPem.optional(),
    'CA certificates (PEM) that the Temporal frontend is verified with; without it by the public CAs. Without this, a client certificate and an API key the connection is clear text, which production refuses beyond loopback.',
  ),
  temporalTlsCertificate: watched(
    'CS_TEMPORAL_TLS_CERT_FILE',
    false,
    watchedPem.optional(),
    'Client certificate chain (PEM) that this process shows to Temporal (mTLS). A new one needs a restart.',
  ),
  temporalTlsKey: watched('CS_TEMPORAL_TLS_KEY_FILE', true, watchedPem.optional(), 'Private key of that certificate, PEM.'),
  temporalApiKey: watched(
    'CS_TEMPORAL_API_KEY_FILE',
    true,
    apiKey.optional(),
    'API key (bearer token) that this process sends to Temporal, over TLS only; read again within 10 s when it changes.',
  ),
  taskQueueSuffix: value(
    'CS_TASK_QUEUE_SUFFIX',
    z
      .string()
      .regex(/^[a-z0-9-]*$/)
      .default(''),
    'Appended to the task queue names, for several installations in one namespace.',
  ),
};

type Values = Readonly<Record<string, unknown>>;

/** Histories are encrypted, what is asked of Temporal is not: whoever is on the way could ask too. */
export function* clearTextTemporal(values: Values): Generator<string> {
  const { temporalAddress, temporalTlsCa, temporalTlsCertificate, temporalApiKey } = values;
  if (typeof temporalAddress !== 'string' || temporalTlsCa || temporalTlsCertificate || temporalApiKey) return;
  const { ipv6, name = ipv6 ?? '' } = ADDRESS.exec(temporalAddress)?.groups ?? {};
  if (!isLoopback(name))
    yield 'CS_TEMPORAL_ADDRESS is beyond this machine and would be reached in clear text. Set CS_TEMPORAL_TLS_CA_FILE, and CS_TEMPORAL_TLS_CERT_FILE with CS_TEMPORAL_TLS_KEY_FILE or CS_TEMPORAL_API_KEY_FILE.';
}
