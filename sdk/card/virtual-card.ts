import { createPrivateKey, type KeyObject, sign } from 'node:crypto';
import { SdkError } from '../sdk-error.ts';
import type { CardCredentials } from './card-content.ts';
import { CardStore } from './card-store.ts';

/** What a card is doing. `enrolled` and an unfinished enrollment can be true at once: the old credentials serve until the new ones do. */
export interface CardState {
  readonly enrolled: boolean;
  /** The enrollment whose credentials are in use. */
  readonly enrollmentId: string | undefined;
  /** The enrollment that `resumeEnrollment` would go on with. */
  readonly unfinishedEnrollmentId: string | undefined;
}

/** PEM. Each chain is exactly `[issuing, root]`. */
export interface CardCertificates {
  readonly user: string;
  readonly sdk: string;
  readonly chains: { readonly user: readonly string[]; readonly sdk: readonly string[] };
}

/** What a TLS stack wants of a client; give it to `tls.connect`, `https.Agent` or `undici.Agent` as it is. */
export interface TlsClientIdentity {
  /** PEM: SDK certificate, then its issuing CA. The root is left out: the server must have it anyway. */
  readonly cert: string;
  /** PEM, PKCS#8. */
  readonly key: string;
}

export interface OpenCardOptions {
  /** A directory of its own, mode 700. Files in it have mode 600. */
  readonly directory: string;
  /** 32 random octets from the keystore of the platform (Android Keystore, iOS Keychain), never derived from the PIN, never in a backup. */
  readonly deviceSecret: Uint8Array;
}

let storeIn: (card: VirtualCard) => CardStore;

/**
 * The virtual smart card: keys and certificates of one device in one encrypted file. It signs; it does not give keys away, with the one
 * exception of `tlsClientIdentity`. Every change is on the disk before the call resolves; after a crash at any moment the card is as it was
 * before the change or after it. One process, one card.
 */
export class VirtualCard {
  readonly #store: CardStore;

  static {
    storeIn = (card) => card.#store;
  }

  private constructor(store: CardStore) {
    this.#store = store;
  }

  /** Opens the card in a directory, or makes an empty one. Throws `card_wrong_secret`, `card_damaged`, `card_version`, `card_unsafe`, `configuration`. */
  static async open({ directory, deviceSecret }: OpenCardOptions): Promise<VirtualCard> {
    if (deviceSecret.length !== 32) throw new SdkError('configuration', 'the device secret must have 32 octets');
    return new VirtualCard(await CardStore.open(directory, Uint8Array.from(deviceSecret)));
  }

  get state(): CardState {
    const { credentials, journal } = this.#store.content;
    return {
      enrolled: credentials !== undefined,
      enrollmentId: credentials?.enrollmentId,
      unfinishedEnrollmentId: journal?.enrollmentId,
    };
  }

  /** Undefined until an enrollment was completed. */
  certificates(): CardCertificates | undefined {
    const { credentials } = this.#store.content;
    if (credentials === undefined) return undefined;
    const { userCertificate, sdkCertificate, userChain, sdkChain } = credentials;
    return { user: userCertificate, sdk: sdkCertificate, chains: { user: userChain, sdk: sdkChain } };
  }

  /** The destruction receipt of the service (compact JWS) and whether its signature has been verified. */
  receipt(): { readonly jws: string; readonly verified: boolean } | undefined {
    const { credentials } = this.#store.content;
    return credentials === undefined ? undefined : { jws: credentials.receipt, verified: credentials.receiptVerified };
  }

  /**
   * Signs octets: RSA keys with RSASSA-PKCS1-v1_5 and SHA-256, P-256 with ECDSA and SHA-256, P-384 with ECDSA and SHA-384; ECDSA signatures
   * are DER (`der`, as in CMS and X.509) or `r ‖ s` (`jose`). Throws `card_empty`.
   */
  sign(data: Uint8Array, key: 'user' | 'sdk' = 'user', encoding: 'der' | 'jose' = 'der'): Buffer {
    const stored = this.#credentials();
    const privateKey = privateKeyOf(key === 'user' ? stored.userKey : stored.sdkKey);
    return sign(digestFor(privateKey), data, { key: privateKey, dsaEncoding: encoding === 'der' ? 'der' : 'ieee-p1363' });
  }

  /**
   * Certificate chain and private key for mutual TLS. This is the one place where a key leaves the card, and only the SDK key: TLS stacks
   * take the key itself, not a signing function. Hand it straight to the stack; do not keep or log it. Throws `card_empty`.
   */
  tlsClientIdentity(): TlsClientIdentity {
    const { sdkCertificate, sdkChain, sdkKey } = this.#credentials();
    const cert = [sdkCertificate, ...sdkChain.slice(0, -1)].map((pem) => `${pem.trim()}\n`).join('');
    return { cert, key: privateKeyOf(sdkKey).export({ format: 'pem', type: 'pkcs8' }).toString() };
  }

  /** Destroys everything: keys, certificates, unfinished enrollment. Revoking the certificates is the Token Service's call. */
  async destroy(): Promise<void> {
    await this.#store.destroy();
  }

  #credentials(): CardCredentials {
    const { credentials } = this.#store.content;
    if (credentials === undefined) throw new SdkError('card_empty', 'the card holds no credentials yet');
    return credentials;
  }
}

/** For the flow of the SDK only; not exported by `sdk/index.ts`, so that apps cannot reach keys. */
export function storeOf(card: VirtualCard): CardStore {
  return storeIn(card);
}

function privateKeyOf(base64: string): KeyObject {
  return createPrivateKey({ key: Buffer.from(base64, 'base64'), format: 'der', type: 'pkcs8' });
}

function digestFor(key: KeyObject): 'sha256' | 'sha384' {
  return key.asymmetricKeyDetails?.namedCurve === 'secp384r1' ? 'sha384' : 'sha256';
}
