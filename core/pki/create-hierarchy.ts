import { createPublicKey, generateKeyPairSync, type KeyObject, sign, verify } from 'node:crypto';
import type { SerialHex } from '../../contract/ids.ts';
import type { IssuerId, IssuingCaId } from '../../contract/key-types.ts';
import { bitString, sequence } from '../asn1/write-der.ts';
import { encryptPrivateKey } from './encrypt-private-key.ts';
import { issuerFacts } from './issuer-facts.ts';
import { makeRootCrl } from './make-root-crl.ts';
import { type Octets, octetsOf } from './octets.ts';
import { prepareCaCertificate } from './prepare-ca-certificate.ts';
import { CA_PROFILES, type CaProfile, ROOT_CRL } from './profiles.ts';
import { newSerial } from './serial-number.ts';
import { signatureAlgorithm } from './signature-algorithm.ts';
import { thisUpdateOf } from './this-update-of.ts';
import { writePem } from './write-pem.ts';

export interface HierarchyInput {
  /** 1 to about 40 characters: `<organization> Device Issuing CA RSA` must fit into 64. */
  readonly organization: string;
  /** Base of CRL and CA certificate URLs, plain HTTP, without a slash at the end. */
  readonly publicBaseUrl: string;
  readonly now: Date;
  readonly passphrases: Readonly<Record<IssuerId, string>>;
  /** For tests: fixed keys and serials in place of fresh ones. */
  readonly keyFor?: (issuer: IssuerId) => KeyObject;
  readonly serialFor?: (issuer: IssuerId) => SerialHex;
  /** For tests, which open keys often: fewer rounds of PBKDF2 than the default. */
  readonly keyDerivationRounds?: number;
}

/** What an issuer is kept as. */
export interface IssuerFiles {
  readonly certificatePem: string;
  /** PKCS#8 under the issuer's passphrase, AES-256-CBC, PEM. */
  readonly encryptedKeyPem: string;
}

export interface Hierarchy {
  readonly issuers: Readonly<Record<IssuerId, IssuerFiles>>;
  /** DER, number 1, valid 90 days. */
  readonly rootCrl: Octets;
}

/**
 * Makes one root and two issuing CAs (protocol §6) as bytes; writing them down is the caller's. Takes seconds: RSA-4096. Each call
 * makes another hierarchy. Throws `ServiceError` `issuing_refused` when the organization does not fit into a name.
 */
export function createHierarchy(input: HierarchyInput): Hierarchy {
  const { now, passphrases, keyDerivationRounds, keyFor = (issuer: IssuerId) => generateKey(CA_PROFILES[issuer]) } = input;
  requirePassphrases(passphrases);
  const rootKey = keyFor('root');
  const rootDer = signedCa(input, 'root', rootKey, rootKey);
  const issuing = (issuer: IssuingCaId): IssuerFiles => {
    const key = keyFor(issuer);
    return filesOf(signedCa(input, issuer, key, rootKey, rootDer), key, passphrases[issuer], keyDerivationRounds);
  };
  const root = filesOf(rootDer, rootKey, passphrases.root, keyDerivationRounds);
  const issuers = { root, 'issuing-rsa': issuing('issuing-rsa'), 'issuing-ec': issuing('issuing-ec') };
  const { notBefore } = issuerFacts(rootDer);
  const thisUpdate = thisUpdateOf({ now, notBefore, before: undefined, backdateSeconds: ROOT_CRL.backdateSeconds });
  return { issuers, rootCrl: makeRootCrl({ ...root, passphrase: passphrases.root, number: 1n, now, thisUpdate, revoked: [] }) };
}

function requirePassphrases(passphrases: HierarchyInput['passphrases']): void {
  const weak = Object.entries(passphrases).filter(([, passphrase]) => passphrase.length < 12);
  if (weak.length > 0)
    throw new Error(`A passphrase of at least 12 characters is needed for ${weak.map(([issuer]) => issuer).join(', ')}.`);
}

function generateKey({ key }: CaProfile): KeyObject {
  return key.family === 'RSA'
    ? generateKeyPairSync('rsa', { modulusLength: key.bits, publicExponent: 65_537 }).privateKey
    : generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
}

function signedCa(input: HierarchyInput, issuerId: IssuerId, key: KeyObject, rootKey: KeyObject, rootCertificate?: Octets): Octets {
  const { organization, publicBaseUrl, now, serialFor = () => newSerial() } = input;
  const spki = publicKeyOf(key);
  const root = rootCertificate === undefined ? {} : { rootCertificate };
  const tbs = prepareCaCertificate({ issuerId, organization, publicBaseUrl, now, serial: serialFor(issuerId), spki, ...root });
  const signature = sign('sha256', tbs, rootKey);
  if (!verify('sha256', tbs, createPublicKey(rootKey), signature)) throw new Error(`The signature over ${issuerId} does not verify.`);
  return octetsOf(sequence(tbs, signatureAlgorithm('RSA'), bitString(signature)));
}

function publicKeyOf(key: KeyObject): Octets {
  return octetsOf(createPublicKey(key).export({ type: 'spki', format: 'der' }));
}

function filesOf(der: Octets, key: KeyObject, passphrase: string, rounds?: number): IssuerFiles {
  return { certificatePem: writePem('CERTIFICATE', der), encryptedKeyPem: encryptPrivateKey(key, passphrase, rounds) };
}
