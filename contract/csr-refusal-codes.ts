/**
 * Every way in which a CSR submission is refused, in the order in which the gate looks:
 * size, text encoding, DER, PKCS#10 profile, key policy, challenge and delivery binding, signature, key claim.
 * `rule` is the sentence of a standard (or of docs/protocol.md) that the code stands for; `hint` names the usual mistake of a mobile developer; it is sent to the device and printed in docs/errors.md
 * and docs/csr-refusals.md.
 */
export const CSR_REFUSALS = {
  csr_too_large: {
    title: 'The CSR is larger than 16 KiB',
    rule: 'protocol §3 (at most 16,384 octets)',
    hint: 'Send only the PKCS#10 request: no certificate chain, no pictures or logs in attributes. A normal one has 400 to 1,500 octets.',
  },
  csr_encoding: {
    title: 'The CSR is neither one PEM block nor base64 of DER',
    rule: 'RFC 7468 §3 (PEM), RFC 4648 §4 (base64)',
    hint: 'Send one PEM block whose BEGIN and END lines begin lines of their own, or base64Encode(der) in one line, encoded once. detail and offset say what stands in the way, and where.',
  },
  csr_encoding_base64url: {
    title: 'The CSR is in base64url, not in base64',
    rule: 'RFC 4648 §4, not §5',
    hint: 'Use base64Encode, not base64UrlEncode: the alphabet here has + and /. Only keys and hashes travel as base64url.',
  },
  csr_encoding_padding: {
    title: 'The base64 of the CSR lacks its padding or was cut off',
    rule: 'RFC 4648 §3.2',
    hint: 'Keep the = characters at the end; the length is a multiple of four. Check whether a log or text field cut the text.',
  },
  csr_encoding_line_breaks: {
    title: 'The bare base64 has white space inside',
    rule: 'RFC 4648 §3.1',
    hint: 'Without PEM lines send base64 in one line: Base64.NO_WRAP on Android, no lineLength options on iOS.',
  },
  csr_encoding_label: {
    title: 'The PEM block has another label than CERTIFICATE REQUEST or NEW CERTIFICATE REQUEST',
    rule: 'RFC 7468 §7',
    hint: 'The first line is exactly -----BEGIN CERTIFICATE REQUEST-----, or -----BEGIN NEW CERTIFICATE REQUEST----- as keytool writes it. Usual: another file was sent.',
  },
  csr_encoding_several_blocks: {
    title: 'The text holds more than one PEM block',
    rule: 'protocol §3 (one block)',
    hint: 'Send the CERTIFICATE REQUEST block alone; do not append a key or a certificate to it.',
  },
  csr_encoding_text_around: {
    title: 'There is text before or after the PEM block',
    rule: 'protocol §3 (nothing around the block)',
    hint: 'Only white space may stand around the block. openssl req -text prints more than the request: use -outform PEM without -text.',
  },
  csr_certificate_sent: {
    title: 'A certificate was sent instead of a CSR',
    rule: 'RFC 2986 §3',
    hint: 'The member csr is the PKCS#10 request that the device signs, not a certificate that it already has.',
  },
  csr_private_key_sent: {
    title: 'A private key was sent instead of a CSR',
    rule: 'protocol §7 (a private key never leaves its device)',
    hint: 'That key is burnt: delete it, make a new one and send only its request. The private key never leaves the device.',
  },
  csr_not_der: {
    title: 'The CSR is not strict DER',
    rule: 'X.690 §8, §10, §11',
    hint: 'Look at the octet named by offset. Usual: octets after the end, BER lengths (80 or not minimal), a cut-off file, an unsorted SET of values.',
  },
  csr_profile_structure: {
    title: 'The DER is not a PKCS#10 CertificationRequest',
    rule: 'RFC 2986 §4.2',
    hint: 'Expected SEQUENCE { info, signatureAlgorithm, signature } of RFC 2986 §4. A bare public key (SubjectPublicKeyInfo) is not a request.',
  },
  csr_profile_version: {
    title: 'The version of the CSR is not 0',
    rule: 'RFC 2986 §4.1',
    hint: 'PKCS#10 version 1 is encoded as INTEGER 0 (02 01 00); tools print it as "Version: 1 (0x0)".',
  },
  csr_profile_subject: {
    title: 'The subject of the CSR is not a well-formed Name',
    rule: 'RFC 5280 §4.1.2.4, X.680 §41',
    hint: 'The subject is ignored: send the empty one (30 00). Usual: NUL or control characters, or _ and @ in a PrintableString.',
  },
  csr_profile_attributes: {
    title: 'The attributes of the CSR are not well-formed',
    rule: 'RFC 2986 §4.1',
    hint: 'attributes is [0] (A0 …) right after the public key; each is SEQUENCE { OID, SET of at least one value }.',
  },
  csr_profile_attribute_order: {
    title: 'The attributes are not in the order of a DER SET OF (no longer given: any order is taken)',
    rule: 'X.690 §11.6',
    hint: 'Read the view for a fresh challenge and build the CSR again: attributes may stand in any order now.',
  },
  csr_profile_attribute_repeated: {
    title: 'An attribute stands more than once in the CSR',
    rule: 'X.501 §8.2, protocol §3',
    hint: 'Each attribute type once, with one value. Usual: the challenge of an earlier try was left in the builder.',
  },
  csr_profile_challenge: {
    title: 'challengePassword is not one UTF8String or PrintableString',
    rule: 'RFC 2985 §5.4.1',
    hint: 'SET with exactly one value, tag 0C or 13, holding the 82 characters of challenge.value as text, not the octets that the hex stands for.',
  },
  csr_profile_delivery_binding: {
    title: 'id-aa-asymmDecryptKeyID is not in the form of the protocol',
    rule: 'RFC 7191 §3, protocol §3',
    hint: '30 31 06 0b 2a864886f70d0109100236 31 22 04 20 and the 32 octets of the thumbprint; not its 43 characters of text.',
  },
  csr_profile_extension_request: {
    title: 'extensionRequest is not well-formed',
    rule: 'RFC 2985 §5.4.2, RFC 5280 §4.2',
    hint: 'One value: SEQUENCE of SEQUENCE { OID, critical TRUE or absent, OCTET STRING with DER }, each OID once. Leaving it out is best: it is ignored.',
  },
  key_type_not_taken_yet: {
    title: 'Keys of this algorithm are not taken yet',
    rule: 'protocol §3 (Keys)',
    hint: 'Make an EC P-256 key. Taken today are EC P-256, EC P-384 and RSA of 2048, 3072 or 4096 bits, of these what keyProfile.types lists; go by that list, it may grow.',
  },
  key_type_cannot_sign: {
    title: 'Keys of this algorithm cannot sign a CSR',
    rule: 'RFC 2986 §3 (the key signs its request)',
    hint: 'Make an EC P-256 key for the CSR. Taken today are EC P-256, EC P-384 and RSA of 2048, 3072 or 4096 bits; a key for key agreement gets no certificate here.',
  },
  csr_profile_signature_algorithm: {
    title: 'The signature algorithm is not one that is allowed for this key',
    rule: 'RFC 5758 §3.2, RFC 4055 §5',
    hint: 'ecdsa-with-SHA256 (P-256), -SHA384 or -SHA256 (P-384) without parameters; sha256WithRSAEncryption with NULL. No SHA-1, no PSS.',
  },
  key_type_not_allowed: {
    title: 'Keys of this type are not allowed',
    rule: 'protocol §3 (keyProfile.types)',
    hint: 'keyProfile.types of the view lists what is: EC P-256 is preferred. Not P-521, secp256k1, RSA-PSS, nor odd RSA sizes.',
  },
  key_encoding: {
    title: 'The public key is not encoded as its type demands',
    rule: 'RFC 5480 §2.1, RFC 3279 §2.3.1',
    hint: 'EC: id-ecPublicKey with a named curve (no explicit parameters). RSA: rsaEncryption with NULL and RSAPublicKey of two positive INTEGERs.',
  },
  key_point_compressed: {
    title: 'The EC point is compressed',
    rule: 'RFC 5480 §2.2, protocol §3 (uncompressed only)',
    hint: 'Write the point as 04 ‖ x ‖ y (65 octets for P-256, 97 for P-384): getEncoded(false) in PointyCastle.',
  },
  key_point_invalid: {
    title: 'The EC point is not a point of its curve',
    rule: 'SEC 1 §2.3.4, §3.2.2.1',
    hint: '04 ‖ x ‖ y, each coordinate padded on the left to 32 (P-256) or 48 (P-384) octets. Usual: a lost leading zero, x and y swapped.',
  },
  key_weak_rsa_size: {
    title: 'The RSA key is shorter than 2048 bits',
    rule: 'NIST SP 800-131A §3',
    hint: 'Make a key of 2048, 3072 or 4096 bits, or better an EC P-256 key.',
  },
  key_weak_exponent: {
    title: 'The RSA exponent is not 65537',
    rule: 'FIPS 186-5 §5.1, CA/B BR §6.1.6',
    hint: 'Set the public exponent to 65537 (01 00 01) when you make the key; some old generators use 3 or 17.',
  },
  key_weak_factor: {
    title: 'The RSA modulus has a small prime factor',
    rule: 'CA/B BR §6.1.6, NIST SP 800-89 §5.3.3',
    hint: 'This is no RSA key that a sound generator makes: check that the modulus was copied whole, then replace the generator.',
  },
  key_weak_roca: {
    title: 'The RSA key carries the ROCA fingerprint (CVE-2017-15361)',
    rule: 'CA/B BR §6.1.1.3, CVE-2017-15361',
    hint: 'It was made by a faulty chip library and can be factored. Make the key elsewhere, or use EC P-256.',
  },
  key_weak_close_primes: {
    title: 'The two primes of the RSA key are too close to each other',
    rule: 'CA/B BR §6.1.1.3, CVE-2022-26320',
    hint: 'Fermat factorisation finds them within moments (CVE-2022-26320). Replace the key generator.',
  },
  challenge_missing: {
    title: 'The CSR carries no challengePassword',
    rule: 'RFC 2985 §5.4.1, protocol §3',
    hint: 'Put challenge.value of the view into the attribute challengePassword (1.2.840.113549.1.9.7) before you sign the request.',
  },
  challenge_mismatch: {
    title: 'The challenge was not made for this enrollment',
    rule: 'protocol §3 (challenge)',
    hint: 'Use challenge.value of this enrollment, its 82 lower-case characters unchanged. Usual: the challenge of an earlier enrollment.',
  },
  challenge_expired: {
    title: 'The challenge has expired',
    rule: 'protocol §3 (challenge, 5 minutes)',
    hint: 'Read the view for a fresh challenge, then build and sign a new CSR with the same key. This does not count as an attempt.',
  },
  delivery_key_invalid: {
    title: 'deliveryKey is not a public EC P-256 JWK',
    rule: 'RFC 7518 §6.2.1',
    hint: 'Exactly kty, crv, x, y; kty "EC", crv "P-256"; x and y are 32 octets as base64url without padding, leading zeros kept. No alg, use or kid.',
  },
  delivery_key_private_sent: {
    title: 'deliveryKey holds the private member d',
    rule: 'RFC 7518 §6.2.2',
    hint: 'That key is burnt: make a new delivery key and send its public half only (kty, crv, x, y).',
  },
  delivery_key_not_bound: {
    title: 'The CSR does not name this delivery key',
    rule: 'RFC 7638 §3, RFC 7191 §3',
    hint: 'id-aa-asymmDecryptKeyID holds SHA-256 of {"crv":"P-256","kty":"EC","x":"…","y":"…"} (RFC 7638: this order, no spaces) of the key sent.',
  },
  delivery_key_reused: {
    title: 'The delivery key has been used before',
    rule: 'protocol §3 (one key, one use)',
    hint: 'Make a new EC P-256 pair as delivery key for each enrollment: never the user key, an SDK key, or the delivery key of an earlier enrollment.',
  },
  csr_signature_invalid: {
    title: 'The signature of the CSR does not verify with its own key',
    rule: 'RFC 2986 §4.2, SEC 1 §4.1.4, RFC 8017 §8.2.2',
    hint: 'Sign the DER of CertificationRequestInfo after the last change, once, with the key of the request. detail says what the signature is instead.',
  },
  key_is_ours: {
    title: "The public key is one of the service's own keys",
    rule: "RFC 4210 §4.3 (the key is the requester's own)",
    hint: 'The CSR carries a key of a CA or an SDK key of this service: make a key pair on the device and sign the request with it.',
  },
  key_blocked: {
    title: 'The public key is on the block list',
    rule: 'CA/B BR §6.1.1.3',
    hint: 'This key is known to be compromised. Delete it, make a new one on the device and never use it again.',
  },
  key_in_use: {
    title: 'The public key belongs to another device',
    rule: 'protocol §3 (one key, one device)',
    hint: 'Every device makes its own key; do not copy keys between devices or restore them from a backup. Make a new one.',
  },
} as const satisfies Record<string, { title: string; rule: string; hint: string }>;

export type CsrRefusalCode = keyof typeof CSR_REFUSALS;

export function isCsrRefusalCode(text: string): text is CsrRefusalCode {
  return Object.hasOwn(CSR_REFUSALS, text);
}
