import type { DeliveryFormat, KeyType } from '../../contract/key-types.ts';
import { JsonReader } from '../read-json.ts';
import { SdkError } from '../sdk-error.ts';

/** A PIN entry that was sent, or was about to be: repeated with the same octets until it has an outcome (protocol §3). */
export interface PinAttempt {
  readonly mode: 'setup' | 'verify';
  readonly attemptId: string;
  readonly kid: string;
  /** b64u of the 32-octet hash. As good as the PIN towards the service, hence only here, encrypted, and only until the outcome. */
  readonly value: string;
}

/** Both certificates with their chains, and the SDK key, after all checks. */
export interface CheckedCredentials {
  readonly userCertificate: string;
  readonly sdkCertificate: string;
  readonly userChain: readonly string[];
  readonly sdkChain: readonly string[];
  /** base64 of PKCS#8 DER. */
  readonly sdkKey: string;
  /** b64u SHA-256 of the sealed value; the proof and the receipt name it. */
  readonly sealedSha256: string;
}

/** An unfinished enrollment: everything that a repetition after a crash needs, written before each call is made. */
export interface EnrollmentJournal {
  readonly enrollmentId: string;
  readonly enrollmentToken: string;
  readonly keyType: KeyType;
  readonly deliveryFormat: DeliveryFormat;
  readonly sdkKeyType: KeyType | undefined;
  readonly attempt: PinAttempt | undefined;
  /** base64 of PKCS#8 DER. */
  readonly userKey: string | undefined;
  /** base64 of PKCS#8 DER; destroyed after the acknowledgement. */
  readonly deliveryKey: string | undefined;
  /** Exact octets of the body of `POST …/csr`. */
  readonly submission: string | undefined;
  readonly checked: CheckedCredentials | undefined;
  /** Acknowledgement proof, compact JWS. */
  readonly proof: string | undefined;
}

/** Credentials in use: their enrollment was acknowledged. */
export interface CardCredentials extends CheckedCredentials {
  readonly enrollmentId: string;
  readonly userKey: string;
  /** RFC 7638 thumbprint of the delivery key, which itself is destroyed: the receipt names it. */
  readonly deliveryKid: string;
  readonly receipt: string;
  readonly receiptVerified: boolean;
}

export interface CardContent {
  readonly credentials: CardCredentials | undefined;
  readonly journal: EnrollmentJournal | undefined;
}

export const EMPTY_CARD: CardContent = { credentials: undefined, journal: undefined };

/** Reads the decrypted content of a card. Throws `card_damaged`. */
export function parseCardContent(value: unknown): CardContent {
  const reader = new JsonReader(value, (message) => new SdkError('card_damaged', `the content of the card is damaged: ${message}`));
  return {
    credentials: reader.optional('credentials', (r) => readCredentials(r.object('credentials'))),
    journal: reader.optional('journal', (r) => readJournal(r.object('journal'))),
  };
}

function readCredentials(r: JsonReader): CardCredentials {
  return {
    ...readChecked(r),
    enrollmentId: r.text('enrollmentId'),
    userKey: r.text('userKey'),
    deliveryKid: r.text('deliveryKid'),
    receipt: r.text('receipt'),
    receiptVerified: r.flag('receiptVerified'),
  };
}

function readJournal(r: JsonReader): EnrollmentJournal {
  const text = (name: string) => r.optional(name, (reader) => reader.text(name));
  return {
    enrollmentId: r.text('enrollmentId'),
    enrollmentToken: r.text('enrollmentToken'),
    keyType: keyType(r.text('keyType')),
    deliveryFormat: r.text('deliveryFormat') === 'cms' ? 'cms' : 'jwe',
    sdkKeyType: r.optional('sdkKeyType', (reader) => keyType(reader.text('sdkKeyType'))),
    attempt: r.optional('attempt', (reader) => readAttempt(reader.object('attempt'))),
    userKey: text('userKey'),
    deliveryKey: text('deliveryKey'),
    submission: text('submission'),
    checked: r.optional('checked', (reader) => readChecked(reader.object('checked'))),
    proof: text('proof'),
  };
}

function readAttempt(r: JsonReader): PinAttempt {
  const mode = r.text('mode') === 'setup' ? 'setup' : 'verify';
  return { mode, attemptId: r.text('attemptId'), kid: r.text('kid'), value: r.text('value') };
}

function readChecked(r: JsonReader): CheckedCredentials {
  return {
    userCertificate: r.text('userCertificate'),
    sdkCertificate: r.text('sdkCertificate'),
    userChain: r.texts('userChain'),
    sdkChain: r.texts('sdkChain'),
    sdkKey: r.text('sdkKey'),
    sealedSha256: r.text('sealedSha256'),
  };
}

function keyType(text: string): KeyType {
  switch (text) {
    case 'EC:P-256':
    case 'EC:P-384':
    case 'RSA:2048':
    case 'RSA:3072':
    case 'RSA:4096':
      return text;
    default:
      throw new SdkError('card_damaged', `the card names the unknown key type ${text}`);
  }
}
