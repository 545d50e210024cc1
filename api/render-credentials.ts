import type { CredentialsResponse } from '../contract/http.ts';
import { ISSUER_IDS, type IssuerId } from '../contract/key-types.ts';
import { ServiceError } from '../contract/service-error.ts';
import { writePem } from '../core/pki/write-pem.ts';
import { type CertificateRow, type Credentials, deliverCredentials } from '../store/delivery.ts';
import { readCaCertificates } from '../store/issuers.ts';
import type { EnrollmentReading } from '../store/read-enrollment.ts';
import type { ApiDeps } from './deps.ts';

/** The credentials as the device gets them, the same each time, or undefined when there is nothing to deliver in this state. */
export async function credentialsOf(deps: ApiDeps, { enrollment }: EnrollmentReading): Promise<CredentialsResponse | undefined> {
  const credentials = await deliverCredentials(deps.db, enrollment.id);
  return credentials === undefined ? undefined : render(credentials, await caPems(deps), enrollment.stageDeadline);
}

function render({ user, sdk, format, sealed, sealedSha256 }: Credentials, cas: CaPems, ackBefore: Date): CredentialsResponse {
  return {
    userCertificate: writePem('CERTIFICATE', user.der),
    sdkCertificate: writePem('CERTIFICATE', sdk.der),
    chains: { user: chain(user, cas), sdk: chain(sdk, cas) },
    sdkKey: { format, value: sealed, sha256: sealedSha256 },
    ackBefore: ackBefore.toISOString(),
  };
}

type CaPems = ReadonlyMap<IssuerId, string>;

/** CA certificates never change under their id, so that they are read once a process. */
const KNOWN_CAS = new WeakMap<ApiDeps['db'], CaPems>();

async function caPems({ db }: ApiDeps): Promise<CaPems> {
  const known = KNOWN_CAS.get(db);
  if (known !== undefined) return known;
  const pems = new Map([...(await readCaCertificates(db))].map(([id, der]) => [id, writePem('CERTIFICATE', der)]));
  if (ISSUER_IDS.every((id) => pems.has(id))) KNOWN_CAS.set(db, pems);
  return pems;
}

function chain({ issuerId }: CertificateRow, cas: CaPems): string[] {
  return [issuerId, 'root' as const].map((id) => {
    const found = cas.get(id);
    if (found === undefined) throw new ServiceError('service_unavailable', `The certificate of ${id} is not published yet.`);
    return found;
  });
}
