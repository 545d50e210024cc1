import { z } from 'zod';
import { count, flag, seconds, value, watched, watchedPem } from './field.ts';

const MOST_CONNECTIONS = 100_000;

const addresses = z
  .string()
  .default('')
  .transform((list) => list.split(',').flatMap((word) => (word.trim() === '' ? [] : [word.trim()])))
  .pipe(z.array(z.union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()], 'must be addresses or CIDR blocks separated by commas')));
/** The rows of a window go an hour after it (store/rate-counters.ts): a longer window would forget before its end. */
const LONGEST_WINDOW = 3_600;
/** Above this a limit is none: a process answers some hundred calls a second. */
const MOST_EACH_SECOND = 1_000;
/** `<points>/<seconds>`: so many in each window. */
const rate = (preset: string, mostEachSecond = MOST_EACH_SECOND) =>
  z
    .string()
    .default(preset)
    .transform((text) => /^(\d{1,7})\/(\d{1,5})$/.exec(text))
    .transform((found) => ({ points: Number(found?.[1]), seconds: Number(found?.[2]) }))
    .refine(({ points, seconds }) => points >= 1 && seconds >= 1, 'must be <points>/<seconds>, such as 600/60')
    .refine(({ seconds }) => !(seconds > LONGEST_WINDOW), `must have a window of at most ${LONGEST_WINDOW} seconds`)
    .refine(({ points, seconds }) => !(points > mostEachSecond * seconds), `must be at most ${mostEachSecond} a second: more is no limit`);

/** Of every listener with a certificate of ours. */
export const TLS_RELOAD = {
  tlsReloadSeconds: value(
    'CS_TLS_RELOAD_SECONDS',
    seconds(10, 3_600),
    'How often the files of TLS certificate and key are looked at; a pair that does not fit is not taken over. SIGHUP looks at once. At most an hour: a pair that was replaced in an emergency is in force then.',
  ),
};

/** How the listeners of the API meet the network. */
export const EDGE = {
  tlsCertificate: watched(
    'CS_TLS_CERT_FILE',
    false,
    watchedPem,
    'TLS certificate chain of the public listener, PEM; read again when it changes.',
  ),
  tlsKey: watched('CS_TLS_KEY_FILE', true, watchedPem, 'Private key of the TLS certificate, PEM; read again when it changes.'),
  ...TLS_RELOAD,
  trustedProxies: value(
    'CS_TRUSTED_PROXIES',
    addresses,
    'Addresses or CIDR blocks, separated by commas, of the proxies whose X-Forwarded-For is believed; of all others it is ignored. Production refuses public blocks wider than /12 (IPv6: /24): any stranger in them could say to be somebody else.',
  ),
  maxConnections: value('CS_MAX_CONNECTIONS', count(2_000, MOST_CONNECTIONS), 'Open connections of one listener.'),
  maxConnectionsPerAddress: value(
    'CS_MAX_CONNECTIONS_PER_ADDRESS',
    count(256, MOST_CONNECTIONS),
    'Open connections of one address; trusted proxies are not counted.',
  ),
  rateLimits: value(
    'CS_RATE_LIMITS',
    flag(true),
    'Whether requests are counted and answered 429 above the limits below; production refuses false.',
  ),
  rateAddress: value(
    'CS_RATE_ADDRESS',
    rate('300/60', 10_000),
    'Requests of one address that prove no caller, as points/seconds; a 401 counts ten times. IPv6 addresses count by their /64.',
  ),
  rateToken: value('CS_RATE_TOKEN', rate('120/60'), 'Calls with one enrollment token, as points/seconds.'),
  rateUser: value('CS_RATE_USER', rate('120/300'), 'Entries of the PIN of one user, over all devices, as points/seconds.'),
  rateClient: value('CS_RATE_CLIENT', rate('6000/60', 10_000), 'Calls of one Token Service (client_id), as points/seconds.'),
  rateClientUser: value(
    'CS_RATE_CLIENT_USER',
    rate('120/300'),
    'Calls of one Token Service about one user (create, PIN status and reset), as points/seconds.',
  ),
  rateClientReset: value('CS_RATE_CLIENT_RESET', rate('600/3600'), 'PIN resets by one Token Service, as points/seconds.'),
  rateOperator: value('CS_RATE_OPERATOR', rate('600/60'), 'Calls of one operator (sub), as points/seconds.'),
  rateOperatorReset: value('CS_RATE_OPERATOR_RESET', rate('30/3600'), 'PIN resets by one operator, as points/seconds.'),
};
