import type { DeliveryFormat } from '../../contract/key-types.ts';
import type { NextStep } from '../../contract/states.ts';
import type { EvidenceKey } from '../acknowledge/verify-receipt.ts';
import type { UncheckedPinParams } from '../pin/hash-pin.ts';
import { JsonReader } from '../read-json.ts';
import { SdkError } from '../sdk-error.ts';

/** What the SDK reads of a view. Members that it does not know are ignored, an unknown `next` means wait (protocol §1, §3). */
export interface ViewAnswer {
  readonly state: string;
  readonly next: NextStep;
  /** Why it ended. */
  readonly code: string | undefined;
  readonly pinParams: UncheckedPinParams | undefined;
  readonly pinPolicy: { readonly min: number; readonly max: number; readonly charset: 'digits' } | undefined;
  /** 82 hex characters. */
  readonly challenge: string | undefined;
}

export interface CredentialsAnswer {
  readonly userCertificate: string;
  readonly sdkCertificate: string;
  readonly userChain: readonly string[];
  readonly sdkChain: readonly string[];
  readonly format: DeliveryFormat;
  readonly value: string;
  readonly sha256: string;
}

export function parseView(json: unknown): ViewAnswer {
  const r = reader(json);
  return {
    state: r.text('state'),
    next: nextStep(r.text('next')),
    code: r.optional('code', (v) => v.text('code')),
    pinParams: r.optional('pinParams', (v) => pinParams(v.object('pinParams'))),
    pinPolicy: r.optional('pinPolicy', (v) => pinPolicy(v.object('pinPolicy'))),
    challenge: r.optional('challenge', (v) => v.object('challenge').text('value')),
  };
}

export function parseCredentials(json: unknown): CredentialsAnswer {
  const r = reader(json);
  const [chains, sdkKey] = [r.object('chains'), r.object('sdkKey')];
  return {
    userCertificate: r.text('userCertificate'),
    sdkCertificate: r.text('sdkCertificate'),
    userChain: chains.texts('user'),
    sdkChain: chains.texts('sdk'),
    format: deliveryFormat(sdkKey.text('format')),
    value: sdkKey.text('value'),
    sha256: sdkKey.text('sha256'),
  };
}

/** The compact JWS of the receipt. */
export function parseAck(json: unknown): string {
  return reader(json).text('receipt');
}

export function parseEvidenceKeys(json: unknown): readonly EvidenceKey[] {
  return reader(json)
    .objects('keys')
    .map((k) => ({ kid: k.text('kid'), kty: k.text('kty'), crv: k.text('crv'), x: k.text('x'), y: k.text('y') }));
}

function nextStep(text: string): NextStep {
  switch (text) {
    case 'pin.setup':
    case 'pin.verify':
    case 'csr':
    case 'credentials':
    case 'none':
      return text;
    default:
      return 'wait';
  }
}

function pinParams(r: JsonReader): UncheckedPinParams {
  return {
    v: r.number('v'),
    alg: r.text('alg'),
    m: r.number('m'),
    t: r.number('t'),
    p: r.number('p'),
    len: r.number('len'),
    kid: r.text('kid'),
    salt: r.text('salt'),
  };
}

function pinPolicy(r: JsonReader): { min: number; max: number; charset: 'digits' } {
  if (r.text('charset') !== 'digits') throw unexpected('pinPolicy.charset is unknown: update the app');
  return { min: r.number('min'), max: r.number('max'), charset: 'digits' };
}

function deliveryFormat(text: string): DeliveryFormat {
  if (text === 'jwe' || text === 'cms') return text;
  throw unexpected('sdkKey.format is unknown');
}

function reader(json: unknown): JsonReader {
  return new JsonReader(json, unexpected);
}

function unexpected(message: string): SdkError {
  return new SdkError('unexpected_answer', `the answer is not of this protocol: ${message}`);
}
