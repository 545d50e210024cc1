import type { CsrRefusalCode } from './csr-refusal-codes.ts';

/**
 * What a developer is told beyond the hint of a refusal: what the fault looks like, and how to mend it. For docs/csr-refusals.md and
 * `cs csr check`; not part of any answer, so that it may be long.
 */
export const CSR_GUIDE: Readonly<Record<CsrRefusalCode, { looksLike: string; fix: string }>> = {
  csr_too_large: {
    looksLike: 'DER of more than 16,384 octets, or a text of more than 65,536 characters. Most SLH-DSA signatures alone are larger.',
    fix: 'Leave out every attribute but challengePassword and id-aa-asymmDecryptKeyID. `openssl req -in csr.pem -noout -text` shows what is in it.',
  },
  csr_encoding: {
    looksLike:
      'Hex (3082…, 0x3082…), a JSON array of numbers, a data URL, \\n as two characters, a missing END line, END on the last line of the base64, a byte order mark, base64 of PEM or of base64.',
    fix: "Dart: `base64Encode(der)` in one line, or `'-----BEGIN CERTIFICATE REQUEST-----\\n${lines.join('\\n')}\\n-----END CERTIFICATE REQUEST-----\\n'`, and let jsonEncode escape it once.",
  },
  csr_encoding_base64url: {
    looksLike: 'The text has - or _ where base64 has + or /.',
    fix: 'Dart: `base64Encode(der)`, not `base64UrlEncode(der)`. Android: Base64.NO_WRAP without Base64.URL_SAFE.',
  },
  csr_encoding_padding: {
    looksLike: 'The length of the base64 is no multiple of four.',
    fix: 'Keep the trailing =: Android without Base64.NO_PADDING, Dart `base64Encode` as it is. When it still ends early, some field or log cut it.',
  },
  csr_encoding_line_breaks: {
    looksLike: 'Bare base64 with a line break or blank every 64 or 76 characters, without the PEM lines around it.',
    fix: 'Android: Base64.NO_WRAP instead of Base64.DEFAULT. iOS: `base64EncodedString()` without options. Or add the BEGIN and END lines.',
  },
  csr_encoding_label: {
    looksLike: '-----BEGIN PUBLIC KEY-----, -----BEGIN PKCS7-----, or the label in lower case.',
    fix: 'Send the CSR, under CERTIFICATE REQUEST. Only the old label NEW CERTIFICATE REQUEST is taken too.',
  },
  csr_encoding_several_blocks: {
    looksLike: 'Two BEGIN lines: the request and a chain, a key, or the request twice.',
    fix: 'Send what stands between the first BEGIN and the first END line, both included.',
  },
  csr_encoding_text_around: {
    looksLike: 'A subject line, the output of `openssl req -text`, or a mail signature around the block.',
    fix: '`openssl req -in csr.txt -out csr.pem` writes the block alone.',
  },
  csr_certificate_sent: {
    looksLike: '-----BEGIN CERTIFICATE-----, or DER whose first member begins with A0 03 02 01 02.',
    fix: 'Send the PKCS#10 request made for this enrollment. A certificate of an earlier enrollment is no request for a new one.',
  },
  csr_private_key_sent: {
    looksLike: 'A PRIVATE KEY block, PKCS#8, PKCS#1, SEC1, PKCS#12, a JWK with d, in any wrapping. Nothing of it was stored.',
    fix: 'Delete that key, make a new pair in the key store of the device, build a CSR from it. Look for the variable that holds the private key where the CSR should be.',
  },
  csr_not_der: {
    looksLike:
      'A length of 80 (indefinite), a length with more octets than it needs, octets after the end, a SET of values out of order, a file that was cut off.',
    fix: '`openssl asn1parse -inform DER -in csr.der` reads BER too and shows where the structure departs from what you meant. In Dart give PointyCastle and asn1lib the members of a SET sorted; only the attributes themselves may stand in any order.',
  },
  csr_profile_structure: {
    looksLike:
      'Not SEQUENCE { SEQUENCE, SEQUENCE, BIT STRING }: a bare public key, the CertificationRequestInfo without its signature, PKCS#7.',
    fix: 'Wrap: SEQUENCE { info, AlgorithmIdentifier, BIT STRING of the signature over the DER of info }. `openssl req -in csr.pem -noout -verify` must say OK.',
  },
  csr_profile_version: {
    looksLike: 'The first INTEGER is 1 or 2 where 0 stands for version 1.',
    fix: 'Write `ASN1Integer(BigInt.zero)`: 02 01 00.',
  },
  csr_profile_subject: {
    looksLike: 'NUL, control or bidi characters, text that is not the UTF-8 it claims to be, _ or @ in a PrintableString, an empty value.',
    fix: 'Send the empty subject, 30 00: it is ignored anyway. If you must send one, use UTF8String for every value.',
  },
  csr_profile_attributes: {
    looksLike: 'No A0 … after the public key, attributes as SET (31 …), a value outside of its SET, more than 16 attributes.',
    fix: 'info ends with [0] IMPLICIT SET OF Attribute: tag A0, then each attribute as SEQUENCE { OID, SET { value } }.',
  },
  csr_profile_attribute_order: {
    looksLike: 'Only outcomes that an older version stored: attributes that are all right, but not in ascending order of their encodings.',
    fix: 'Nothing: a new CSR built in the same way is taken. `cs csr check` still says when the order is not that of DER.',
  },
  csr_profile_attribute_repeated: {
    looksLike: 'Two attributes of one type, for example the old and the fresh challenge.',
    fix: 'Make a new builder for each request instead of adding to the one of the last try.',
  },
  csr_profile_challenge: {
    looksLike: 'challengePassword as IA5String, OCTET STRING or BMPString, or with two values.',
    fix: 'SET { UTF8String of the 82 characters }: 31 54 0c 52 and the text. Not the 41 octets that the hex stands for.',
  },
  csr_profile_delivery_binding: {
    looksLike: 'id-aa-asymmDecryptKeyID with another length or type than OCTET STRING of 32 octets.',
    fix: 'Dart: `sha256.convert(utf8.encode(jwkText)).bytes` as OCTET STRING, 32 octets; not its base64url text.',
  },
  csr_profile_extension_request: {
    looksLike: 'An empty extension list, an extension twice, critical FALSE written out, a value that is not DER, two extension requests.',
    fix: 'Leave extensionRequest out: the profile of the certificate is the service’s own. With openssl: no `req_extensions` in the configuration.',
  },
  key_type_not_taken_yet: {
    looksLike:
      'An Ed25519 or Ed448 key (RFC 8410), ML-DSA-44, -65 or -87, an SLH-DSA key: the algorithm of the public key is one that is known, and not taken yet.',
    fix: 'Make an EC P-256 key, as for key_type_not_allowed. Choose from keyProfile.types in the app instead of a fixed algorithm, then a type that is added later needs no new app.',
  },
  key_type_cannot_sign: {
    looksLike: 'An X25519 or X448 key, ML-KEM-512, -768 or -1024: the algorithm of the public key is for key agreement.',
    fix: 'Make an EC P-256 key and sign the CSR with it. For what is sealed to the device the protocol has deliveryKey, an EC P-256 key too.',
  },
  csr_profile_signature_algorithm: {
    looksLike: 'SHA-1, MD5, PSS, an RSA algorithm with an EC key, NULL after an ECDSA algorithm, no NULL after an RSA one.',
    fix: 'EC P-256: 30 0a 06 08 2a8648ce3d040302. RSA: 30 0d 06 09 2a864886f70d01010b 05 00. With openssl: `-sha256`.',
  },
  key_type_not_allowed: {
    looksLike: 'secp256k1, P-521, RSA-PSS or DSA, an RSA size like 2056, or a type that keyProfile.types does not list.',
    fix: 'Make an EC P-256 key: `openssl ecparam -name prime256v1 -genkey -noout`, PointyCastle `ECCurve_secp256r1()`, Android `ECGenParameterSpec("secp256r1")`.',
  },
  key_encoding: {
    looksLike: 'Curve parameters written out, RSA without NULL, a modulus that is negative because its leading 00 was lost.',
    fix: 'Write INTEGERs with a leading 00 when the first bit is set (`ASN1Integer(BigInt)` does). With openssl: `-param_enc named_curve`.',
  },
  key_point_compressed: {
    looksLike: 'The key BIT STRING begins with 00 02 or 00 03 and is half as long.',
    fix: 'PointyCastle: `publicKey.Q!.getEncoded(false)`. With openssl: `-conv_form uncompressed`.',
  },
  key_point_invalid: {
    looksLike: 'Not 65 (P-256) or 97 (P-384) octets, or coordinates that are not on the curve.',
    fix: 'Pad x and y on the left to 32 or 48 octets before joining 04 ‖ x ‖ y: BigInt.toRadixString(16) drops leading zeros, some 1 in 128 keys then fail.',
  },
  key_weak_rsa_size: {
    looksLike: 'A modulus of 1024 bits, or one whose first bit is not set.',
    fix: 'Make RSA keys of 2048, 3072 or 4096 bits; better EC P-256.',
  },
  key_weak_exponent: {
    looksLike: 'e = 3, 17 or another number than 65537.',
    fix: 'PointyCastle: `RSAKeyGeneratorParameters(BigInt.from(65537), 2048, 64)`. Android: `RSAKeyGenParameterSpec.F4`.',
  },
  key_weak_factor: {
    looksLike: 'The modulus is divisible by one of the first 1,000 primes.',
    fix: 'Mostly a modulus that was cut, shifted or read in the wrong order of octets. Compare `openssl req -in csr.pem -noout -modulus` with the key itself.',
  },
  key_weak_roca: {
    looksLike: 'The modulus has the pattern of keys from certain Infineon chips (before October 2017).',
    fix: 'Do not use this chip or firmware for RSA. Make the key in the key store of the phone, or use EC P-256.',
  },
  key_weak_close_primes: {
    looksLike: 'p and q differ so little that a hundred steps of Fermat factor the modulus.',
    fix: 'Never derive q from p (next prime); use the key generator of the platform.',
  },
  challenge_missing: {
    looksLike: 'The CSR has no attribute 1.2.840.113549.1.9.7.',
    fix: 'Read the view while next is csr and put challenge.value into challengePassword. With openssl: `attributes` section, `challengePassword = <value>`; its configuration cannot write the other attribute that is needed, id-aa-asymmDecryptKeyID, so a whole CSR needs a library.',
  },
  challenge_mismatch: {
    looksLike: 'Other text than the 82 characters of challenge.value, or the challenge of another enrollment.',
    fix: 'Do not keep challenges: read the view of this enrollment right before building the CSR, and change neither case nor white space.',
  },
  challenge_expired: {
    looksLike: 'The challenge is ours, but older than 5 minutes. The time is the service’s, not the phone’s.',
    fix: 'Read the view again, build and sign a new CSR with the same key. Ask for biometrics before reading the view, not after.',
  },
  delivery_key_invalid: {
    looksLike: 'More or other members than kty, crv, x, y; another curve; coordinates of 31 octets, with padding, or not on the curve.',
    fix: "Dart: `base64Url.encode(padLeft(x, 32)).replaceAll('=', '')` for x and y; send exactly those four members.",
  },
  delivery_key_private_sent: {
    looksLike: 'deliveryKey has the member d. Nothing of it was stored.',
    fix: 'Make a new delivery key. Serialise the public key, not the pair.',
  },
  delivery_key_not_bound: {
    looksLike: 'No id-aa-asymmDecryptKeyID, or its 32 octets are the thumbprint of another key or of another text.',
    fix: 'SHA-256 over exactly {"crv":"P-256","kty":"EC","x":"…","y":"…"}: members in this order, no blanks, the same x and y as in deliveryKey. `cs csr check --delivery-key key.json csr.pem` compares.',
  },
  delivery_key_reused: {
    looksLike:
      'deliveryKey is the key of the CSR itself, the delivery key of an earlier enrollment whose CSR was accepted, or a user or SDK key of any enrollment. A refused CSR uses nothing up: within one enrollment the same delivery key may come again.',
    fix: 'Make the delivery key when you build the first CSR of an enrollment, keep it with the journal of that enrollment, throw it away at its end.',
  },
  csr_signature_invalid: {
    looksLike:
      'Raw r ‖ s of 64 or 96 octets, alone or in an OCTET STRING; r or s negative, because the 00 before a first bit that is set is missing (three requests of four then fail), or with a needless 00; another hash, a digest hashed again, PSS; another key, or an info that was changed after signing. detail names which it is, and offset the INTEGER.',
    fix: 'Sign the DER bytes that you send, once, after the last change. Raw r ‖ s (PointyCastle, WebCrypto, JWS) becomes SEQUENCE { INTEGER r, INTEGER s }, each without leading zeros, then with one 00 in front if its first bit is set.',
  },
  key_is_ours: {
    looksLike: 'The SubjectPublicKeyInfo equals that of a CA certificate or of an SDK key of this service.',
    fix: 'The wrong public key went into the CSR, for example that of the certificate just delivered. Use the key pair made on the device for this enrollment.',
  },
  key_blocked: {
    looksLike: 'The key was reported as compromised, or a certificate with it was revoked for key compromise.',
    fix: 'Make a new key pair. There is no way back for this one.',
  },
  key_in_use: {
    looksLike: 'Another device was given a certificate, or asked for one, with this public key.',
    fix: 'Make the key on the device, never in an app bundle, a backup or a test fixture. A device that was restored from a backup makes a new key.',
  },
};
