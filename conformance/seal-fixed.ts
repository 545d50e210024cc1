import { createCipheriv, createHash, createPublicKey, diffieHellman, type KeyObject } from 'node:crypto';
import { bitString, objectIdentifier, octetString, sequence, smallInteger, tlv } from '../sdk/der/write-der.ts';
import { eccSharedInfo } from '../sdk/sealed-key/open-cms.ts';

/** Everything that sealing takes at random, fixed: for vectors and for tests of an opener, never for a service. */
export interface FixedSealing {
  readonly plaintext: Uint8Array;
  readonly enrollmentId: string;
  /** b64u(SHA-256(SPKI of the SDK certificate)). */
  readonly spki: string;
  readonly deliveryPublicKey: KeyObject;
  /** RFC 7638 thumbprint of it. */
  readonly kid: string;
  readonly ephemeralKey: KeyObject;
  /** 12 octets. */
  readonly nonce: Uint8Array;
  /** 32 octets; CMS only. */
  readonly contentKey: Uint8Array;
}

/** Members of the protected header in the order of the protocol. */
export function jweHeader({ enrollmentId, spki, kid, ephemeralKey }: FixedSealing) {
  const { kty, crv, x, y } = createPublicKey(ephemeralKey).export({ format: 'jwk' });
  const apv = Buffer.from(`${enrollmentId}.${kid}`).toString('base64url');
  const epk = { kty, crv, x, y };
  return {
    alg: 'ECDH-ES',
    enc: 'A256GCM',
    typ: 'cs-key+jwe',
    cty: 'application/pkcs8',
    kid,
    enr: enrollmentId,
    spki,
    apu: 'Q1M',
    apv,
    epk,
  };
}

/** Compact JWE; `header` lets a test put another header under the tag. */
export function sealJweFixed(input: FixedSealing, header: object = jweHeader(input)): string {
  const protectedHeader = Buffer.from(JSON.stringify(header)).toString('base64url');
  const cipher = createCipheriv('aes-256-gcm', jweKey(input), input.nonce);
  cipher.setAAD(Buffer.from(protectedHeader, 'ascii'));
  const ciphertext = Buffer.concat([cipher.update(input.plaintext), cipher.final()]);
  const parts = [Buffer.from(input.nonce), ciphertext, cipher.getAuthTag()].map((part) => part.toString('base64url'));
  return [protectedHeader, '', ...parts].join('.');
}

/** Content key of the JWE (RFC 7518 §4.6.2), an intermediate value for those who debug their own. */
export function jweKey({ ephemeralKey, deliveryPublicKey, enrollmentId, kid }: FixedSealing): Buffer {
  const secret = diffieHellman({ privateKey: ephemeralKey, publicKey: deliveryPublicKey });
  const field = (text: string) => Buffer.concat([uint32(Buffer.byteLength(text)), Buffer.from(text)]);
  const info = [field('A256GCM'), field('CS'), field(`${enrollmentId}.${kid}`), uint32(256)];
  return createHash('sha256')
    .update(Buffer.concat([uint32(1), secret, ...info]))
    .digest();
}

export function cmsUkm({ enrollmentId, spki }: Pick<FixedSealing, 'enrollmentId' | 'spki'>): Buffer {
  return createHash('sha256').update(`cs-v1|${enrollmentId}|${spki}`).digest();
}

/** Key-encryption key of the CMS (RFC 5753 §7.2). */
export function cmsWrappingKey(input: FixedSealing): Buffer {
  const secret = diffieHellman({ privateKey: input.ephemeralKey, publicKey: input.deliveryPublicKey });
  return createHash('sha256')
    .update(Buffer.concat([secret, uint32(1), eccSharedInfo(cmsUkm(input))]))
    .digest();
}

/** What a test changes in a CMS message to see it refused. */
export interface CmsChanges {
  readonly ukm?: Uint8Array;
  readonly recipientKeyId?: Uint8Array;
  readonly tag?: Uint8Array;
}

/** DER of ContentInfo with AuthEnvelopedData (RFC 5083). */
export function sealCmsFixed(input: FixedSealing, changes: CmsChanges = {}): Buffer {
  const cipher = createCipheriv('aes-256-gcm', input.contentKey, input.nonce);
  const ciphertext = Buffer.concat([cipher.update(input.plaintext), cipher.final()]);
  const gcm = sequence(objectIdentifier('2.16.840.1.101.3.4.1.46'), sequence(octetString(input.nonce), smallInteger(16)));
  const content = sequence(objectIdentifier('1.2.840.113549.1.7.1'), gcm, tlv(0x80, ciphertext));
  const tag = octetString(changes.tag ?? cipher.getAuthTag());
  const data = sequence(smallInteger(0), tlv(0x31, keyAgreeRecipient(input, changes)), content, tag);
  return sequence(objectIdentifier('1.2.840.113549.1.9.16.1.23'), tlv(0xa0, data));
}

function keyAgreeRecipient(input: FixedSealing, changes: CmsChanges): Buffer {
  const wrap = sequence(objectIdentifier('2.16.840.1.101.3.4.1.45'));
  const cipher = createCipheriv('id-aes256-wrap', cmsWrappingKey(input), Buffer.from('A6A6A6A6A6A6A6A6', 'hex'));
  const wrapped = Buffer.concat([cipher.update(input.contentKey), cipher.final()]);
  const originator = tlv(0xa1, sequence(objectIdentifier('1.2.840.10045.2.1')), bitString(point(createPublicKey(input.ephemeralKey))));
  const recipientKeyId = changes.recipientKeyId ?? createHash('sha1').update(point(input.deliveryPublicKey)).digest();
  return tlv(
    0xa1,
    smallInteger(3),
    tlv(0xa0, originator),
    tlv(0xa1, octetString(changes.ukm ?? cmsUkm(input))),
    sequence(objectIdentifier('1.3.132.1.11.1'), wrap),
    sequence(sequence(tlv(0xa0, octetString(recipientKeyId)), octetString(wrapped))),
  );
}

/** 04 ‖ x ‖ y of a P-256 key: the last 65 octets of its SPKI. */
function point(key: KeyObject): Buffer {
  return key.export({ format: 'der', type: 'spki' }).subarray(-65);
}

function uint32(value: number): Buffer {
  const octets = Buffer.alloc(4);
  octets.writeUInt32BE(value);
  return octets;
}
