import type { EvidenceKey } from '../acknowledge/verify-receipt.ts';
import { type CredentialsAnswer, parseAck, parseCredentials, parseEvidenceKeys, parseView, type ViewAnswer } from './parse-answers.ts';
import type { ServiceAnswer, ServiceConnection } from './service-connection.ts';

/** `issuing`: not ready yet, ask again after this many seconds. */
export type CredentialsOrWait = { readonly credentials: CredentialsAnswer } | { readonly retryAfterSeconds: number };

/** The calls of protocol §3 that an enrollment token opens. All may be repeated with the same octets. */
export class EnrollmentClient {
  readonly #connection: ServiceConnection;
  readonly #path: string;
  readonly #token: string;

  constructor(connection: ServiceConnection, enrollmentId: string, token: string) {
    this.#connection = connection;
    this.#path = `v1/enrollments/${encodeURIComponent(enrollmentId)}`;
    this.#token = token;
  }

  async view(): Promise<ViewAnswer> {
    return parseView((await this.#connection.call({ method: 'GET', path: this.#path, token: this.#token })).json);
  }

  /** `body`: JSON text of `{mode, attemptId, pinHash}`. Held up to 10 s by the service while an attempt is pending. */
  async putPin(body: string): Promise<ViewAnswer> {
    return parseView((await this.#connection.call({ method: 'PUT', path: `${this.#path}/pin`, token: this.#token, body })).json);
  }

  /** `body`: JSON text of `{csr, deliveryKey, deliveryFormat, sdkKey?}`. */
  async postCsr(body: string, waitSeconds: number): Promise<CredentialsOrWait> {
    return readOrWait(await this.#connection.call({ method: 'POST', path: `${this.#path}/csr`, token: this.#token, body, waitSeconds }));
  }

  async credentials(waitSeconds: number): Promise<CredentialsOrWait> {
    return readOrWait(await this.#connection.call({ method: 'GET', path: `${this.#path}/credentials`, token: this.#token, waitSeconds }));
  }

  /** The destruction receipt. */
  async acknowledge(proof: string): Promise<string> {
    const body = JSON.stringify({ proof });
    return parseAck((await this.#connection.call({ method: 'POST', path: `${this.#path}/ack`, token: this.#token, body })).json);
  }

  async cancel(): Promise<ViewAnswer> {
    return parseView((await this.#connection.call({ method: 'DELETE', path: this.#path, token: this.#token })).json);
  }
}

/** Public keys of destruction receipts; the one call without a credential. */
export async function readEvidenceKeys(connection: ServiceConnection): Promise<readonly EvidenceKey[]> {
  return parseEvidenceKeys((await connection.call({ method: 'GET', path: '.well-known/cs-evidence-jwks.json' })).json);
}

function readOrWait(answer: ServiceAnswer): CredentialsOrWait {
  return answer.status === 202
    ? { retryAfterSeconds: Math.min(answer.retryAfterSeconds ?? 1, 10) }
    : { credentials: parseCredentials(answer.json) };
}
