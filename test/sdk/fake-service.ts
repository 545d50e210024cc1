import { createHash, createPrivateKey, createPublicKey, type KeyObject, randomBytes, randomUUID, sign, verify } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import { type FixedSealing, sealCmsFixed, sealJweFixed } from '../../conformance/seal-fixed.ts';
import { testCertificate } from '../../conformance/test-certificate.ts';
import { readVectors } from '../../conformance/vectors-file.ts';
import { buildCsr } from '../../sdk/csr/build-csr.ts';
import { csrPem } from '../../sdk/csr/csr-pem.ts';
import { deliveryThumbprint, makeDeliveryKey } from '../../sdk/csr/delivery-key.ts';
import { newEcKey } from '../../sdk/csr/new-key.ts';
import { DerReader } from '../../sdk/der/read-der.ts';
import { spkiHash } from '../../sdk/sealed-key/sealed-key.ts';
import { makeTestTls } from './test-tls.ts';

const vectors = readVectors();
const [
  {
    chain: [issuingPem = '', rootPem = ''],
  } = { chain: [] },
] = vectors.credentials;
const issuer = { name: 'CS conformance TEST issuing EC', key: createPrivateKey(vectors.testCa.issuingEc) };
/** Far from the clock of this machine: an SDK that asked it would refuse the certificates. */
const DATE = 'Tue, 01 Dec 2026 12:00:00 GMT';

export interface Call {
  readonly name: 'view' | 'pin' | 'csr' | 'credentials' | 'ack' | 'cancel' | 'jwks';
  readonly body: string;
}

type Reply = readonly [status: number, body: object];

interface Delivered {
  readonly body: Record<string, unknown>;
  readonly sdkKey: KeyObject;
  readonly deliveryKid: string;
  readonly sealedSha256: string;
}

/**
 * Just enough of the service to see what the SDK does: the states, attempts by id, the CSR by its octets, one delivery, a receipt. The rules
 * themselves are proved against the real service.
 */
export class FakeService {
  readonly enrollmentId = randomUUID();
  readonly token = `cse_${randomBytes(32).toString('base64url')}`;
  readonly roots = [rootPem];
  readonly calls: Call[] = [];
  state = 'awaiting-pin';
  endCode: string | undefined;
  /** b64u of the hash that is right; undefined: the first one sets it up. */
  pin: string | undefined;
  charges = 0;
  /** Looked at before a call is judged: what it returns is the answer. */
  intercept: (call: Call) => Reply | undefined = () => undefined;
  /** When true for a call, it takes effect but its answer is lost. */
  loseAnswer: (call: Call) => boolean = () => false;
  /** Changes the credentials on their way. */
  tamper: (body: Record<string, unknown>) => Record<string, unknown> = (body) => body;
  challenge = vectors.challenge.value;
  readonly #attempts = new Map<string, Reply>();
  readonly #evidence = newEcKey('prime256v1');
  #accepted: string | undefined;
  #delivered: Delivered | undefined;
  #receipt: string | undefined;
  readonly #tls = makeTestTls();
  #server: Server | undefined;
  baseUrl = '';

  get tlsCa(): string {
    return this.#tls.ca;
  }

  async listen(): Promise<void> {
    const server = createServer({ cert: this.#tls.cert, key: this.#tls.key }, async (request, response) => {
      const chunks: Uint8Array[] = [];
      for await (const chunk of request) chunks.push(chunk);
      const call = { name: nameOf(request.method, request.url ?? ''), body: Buffer.concat(chunks).toString() };
      this.calls.push(call);
      this.#answer(response, call, request.headers.authorization === `Bearer ${this.token}` || call.name === 'jwks');
    });
    this.#server = server;
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    this.baseUrl = `https://localhost:${typeof address === 'object' ? address?.port : ''}`;
  }

  async close(): Promise<void> {
    this.#server?.closeAllConnections();
    await new Promise((resolve) => this.#server?.close(resolve) ?? resolve(undefined));
  }

  /** Somebody else submitted a CSR with the token of this enrollment. */
  acceptCsrOfStranger(): void {
    const userKey = newEcKey('prime256v1');
    const delivery = makeDeliveryKey();
    const csr = csrPem(buildCsr({ userKey, challenge: this.challenge, deliveryThumbprint: delivery.thumbprint }));
    this.#csr(JSON.stringify({ csr, deliveryKey: delivery.jwk, deliveryFormat: 'jwe' }));
  }

  #answer(response: ServerResponse, call: Call, authorised: boolean): void {
    const [status, body] = authorised ? (this.intercept(call) ?? this.#judge(call)) : problem(401, 'invalid_token');
    if (this.loseAnswer(call)) return void response.socket?.destroy();
    const type = status < 400 ? 'application/json' : 'application/problem+json';
    response
      .writeHead(status, { 'content-type': type, date: DATE, 'x-request-id': randomUUID(), 'retry-after': '0' })
      .end(JSON.stringify(body));
  }

  #judge(call: Call): Reply {
    switch (call.name) {
      case 'view':
        return [200, this.#view()];
      case 'pin':
        return this.#pin(JSON.parse(call.body));
      case 'csr':
        return this.#csr(call.body);
      case 'credentials':
        return this.#credentials();
      case 'ack':
        return this.#ack(JSON.parse(call.body));
      case 'cancel':
        this.state = 'cancelled';
        return [200, this.#view()];
      case 'jwks': {
        const jwk = createPublicKey(this.#evidence).export({ format: 'jwk' });
        return [200, { keys: [{ ...jwk, kid: 'e9', alg: 'ES256', use: 'sig' }] }];
      }
    }
  }

  #view(): object {
    const next: Record<string, string> = {
      'awaiting-pin': this.pin === undefined ? 'pin.setup' : 'pin.verify',
      'awaiting-csr': 'csr',
      issuing: 'wait',
      'awaiting-ack': 'credentials',
    };
    const pinParams = { v: 1, alg: 'argon2id', m: 19_456, t: 2, p: 1, len: 32, kid: 's1', salt: 'AAECAwQFBgcICQoLDA0ODw' };
    return {
      enrollmentId: this.enrollmentId,
      state: this.state,
      next: next[this.state] ?? 'none',
      code: this.endCode,
      pinParams: this.state === 'awaiting-pin' ? pinParams : undefined,
      pinPolicy: this.state === 'awaiting-pin' ? { min: 6, max: 12, charset: 'digits' } : undefined,
      challenge: this.state === 'awaiting-csr' ? { value: this.challenge, expiresAt: '2026-12-01T12:05:00.000Z' } : undefined,
      aMemberOfTheFuture: { to: 'be ignored' },
    };
  }

  #pin({ mode, attemptId, pinHash }: { mode: string; attemptId: string; pinHash: { value: string } }): Reply {
    if (this.state !== 'awaiting-pin') return [200, this.#view()];
    const known = this.#attempts.get(attemptId);
    if (known !== undefined) return known;
    if (mode === 'setup' && this.pin !== undefined) return problem(409, 'pin_already_set');
    this.charges++;
    if (mode === 'setup') this.pin = pinHash.value;
    const right = this.pin === pinHash.value;
    if (right) this.state = 'awaiting-csr';
    const reply = right ? ([200, this.#view()] as const) : problem(403, 'pin_incorrect', { attemptsLeft: 5 - this.charges, retryAt: null });
    this.#attempts.set(attemptId, reply);
    return reply;
  }

  #csr(body: string): Reply {
    if (this.state === 'awaiting-pin') return problem(409, 'wrong_state', { state: this.state, next: 'pin.setup' });
    if (this.#accepted !== undefined && this.#accepted !== body) return problem(409, 'csr_already_accepted');
    if (this.#accepted === undefined) {
      if (!body.includes('"csr"')) return problem(422, 'invalid_body');
      this.#accepted = body;
      this.#issue(JSON.parse(body));
      this.state = 'issuing';
      return [202, { state: 'issuing' }];
    }
    return this.#credentials();
  }

  #credentials(): Reply {
    if (this.state === 'completed') return problem(410, 'credentials_gone', { state: 'completed', next: 'none' });
    if (this.#delivered === undefined) return problem(409, 'wrong_state', { state: this.state, next: 'csr' });
    this.state = 'awaiting-ack';
    return [200, this.tamper(this.#delivered.body)];
  }

  #issue({
    csr,
    deliveryKey,
    deliveryFormat,
  }: {
    csr: string;
    deliveryKey: { kty: 'EC'; crv: 'P-256'; x: string; y: string };
    deliveryFormat: string;
  }): void {
    const userKey = verifiedKey(csr, this.challenge, deliveryThumbprint(deliveryKey));
    const sdkKey = newEcKey('prime256v1');
    const sealing: FixedSealing = {
      plaintext: sdkKey.export({ format: 'der', type: 'pkcs8' }),
      enrollmentId: this.enrollmentId,
      spki: spkiHash(sdkKey),
      deliveryPublicKey: createPublicKey({ key: { ...deliveryKey }, format: 'jwk' }),
      kid: deliveryThumbprint(deliveryKey).toString('base64url'),
      ephemeralKey: newEcKey('prime256v1'),
      nonce: randomBytes(12),
      contentKey: randomBytes(32),
    };
    const value = deliveryFormat === 'jwe' ? sealJweFixed(sealing) : sealCmsFixed(sealing).toString('base64');
    const sha256 = createHash('sha256').update(value).digest('base64url');
    const chain = [issuingPem, rootPem];
    const certificates = {
      userCertificate: certify(userKey, 1),
      sdkCertificate: certify(createPublicKey(sdkKey), 2),
      chains: { user: chain, sdk: chain },
    };
    const body = { ...certificates, sdkKey: { format: deliveryFormat, value, sha256 }, ackBefore: '2026-12-01T12:15:00.000Z' };
    this.#delivered = { body, sdkKey, deliveryKid: sealing.kid, sealedSha256: sha256 };
  }

  #ack({ proof }: { proof: string }): Reply {
    if (this.#receipt !== undefined) return [200, { state: 'completed', receipt: this.#receipt }];
    if (this.state !== 'awaiting-ack' || this.#delivered === undefined)
      return problem(409, 'wrong_state', { state: this.state, next: 'wait' });
    const [header = '', claims = '', signature = ''] = proof.split('.');
    const key = { key: createPublicKey(this.#delivered.sdkKey), dsaEncoding: 'ieee-p1363' as const };
    const good = verify('sha256', Buffer.from(`${header}.${claims}`), key, Buffer.from(signature, 'base64url'));
    if (!good) return problem(422, 'ack_proof_invalid');
    this.state = 'completed';
    this.#receipt = this.#sign(this.#delivered);
    return [200, { state: 'completed', receipt: this.#receipt }];
  }

  #sign({ sdkKey, deliveryKid, sealedSha256 }: Delivered): string {
    const at = '2026-12-01T12:00:00.000Z';
    const times = { madeAt: at, sealedAt: at, firstDeliveredAt: at, erasedAt: at, plainGoneBy: at, deliveries: 1, iat: 1_796_126_400 };
    const claims = { enr: this.enrollmentId, spki: spkiHash(sdkKey), deliveryKid, sealedSha256, ...times };
    const header = { alg: 'ES256', typ: 'cs-receipt+jws', kid: 'e9' };
    const signed = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
    return `${signed}.${sign('sha256', Buffer.from(signed), { key: this.#evidence, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
  }
}

export function problem(status: number, code: string, extras: object = {}): Reply {
  return [
    status,
    { type: 'about:blank', title: code, status, detail: code, code, retryable: status === 503, instance: 'urn:uuid:x', ...extras },
  ];
}

/** The key of a CSR whose signature, challenge and delivery binding hold. */
function verifiedKey(pem: string, challenge: string, thumbprint: Buffer): KeyObject {
  const der = Buffer.from(pem.replace(/-----[A-Z ]+-----|\s/g, ''), 'base64');
  const request = new DerReader(DerReader.one(der, 0x30).content);
  const info = request.next(0x30);
  request.next(0x30);
  const reader = new DerReader(info.content);
  reader.next(0x02);
  reader.next(0x30);
  const key = createPublicKey({ key: reader.next(0x30).encoding, format: 'der', type: 'spki' });
  const good = verify('sha256', info.encoding, key, request.next(0x03).content.subarray(1));
  if (!good || !info.content.includes(challenge) || !info.content.includes(thumbprint)) throw new Error('the CSR does not hold');
  return key;
}

function certify(publicKey: KeyObject, serial: number): string {
  const times = { notBefore: new Date('2026-12-01T11:55:00Z'), notAfter: new Date('2027-12-01T11:54:59Z') };
  return testCertificate({ subject: 'u-1', publicKey, issuer, serial, profile: 'device', ...times });
}

function nameOf(method: string | undefined, url: string): Call['name'] {
  const last = url.split('/').at(-1);
  if (last === 'pin' || last === 'csr' || last === 'credentials' || last === 'ack') return last;
  if (last === 'cs-evidence-jwks.json') return 'jwks';
  return method === 'DELETE' ? 'cancel' : 'view';
}
