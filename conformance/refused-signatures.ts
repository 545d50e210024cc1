import type { RefusedSignature, SignedElsewhereVector } from './signed-elsewhere-file.ts';

/** What a signer, or a conversion on the way, gets wrong; each made from the first signature of its key. */
export function refusedSignatures(requests: readonly SignedElsewhereVector[]): RefusedSignature[] {
  return requests.flatMap((request) => (request.keyType.startsWith('EC') ? refusedEcdsa(request) : refusedRsa(request)));
}

function refusedEcdsa({ keyType, signatures }: SignedElsewhereVector): RefusedSignature[] {
  const [{ raw = '', der = '' } = {}, , short] = signatures;
  const half = raw.length / 2;
  const refuse = (form: 'raw' | 'der' | 'pkcs1', signature: string, reason: string) => ({ keyType, form, signature, reason });
  return [
    refuse('raw', der, 'DER given as raw'),
    refuse('der', raw, 'raw given as DER'),
    refuse('pkcs1', raw, 'an EC key has no PKCS#1 signature'),
    refuse('raw', raw.slice(2), 'an octet of r is missing: its leading zeros belong to it'),
    refuse('raw', `${'00'.repeat(half / 2)}${raw.slice(half)}`, 'r is 0'),
    refuse('raw', `${raw.slice(0, half)}${'ff'.repeat(half / 2)}`, 's is larger than the order of the curve'),
    refuse('raw', `${raw.slice(half)}${raw.slice(0, half)}`, 'r and s exchanged: it does not verify'),
    refuse('der', derOf(raw.slice(0, half), raw.slice(half)), 'highest bit set without a zero before it: both numbers are negative'),
    refuse('der', derOf(short?.raw?.slice(0, half) ?? '', `00${short?.raw?.slice(half) ?? ''}`), 'leading zeros of r kept'),
    refuse('der', `${der}00`, 'an octet behind the end'),
    refuse('der', der.slice(0, -2), 'cut off'),
    refuse('der', '', 'empty'),
  ];
}

function refusedRsa({ keyType, signatures }: SignedElsewhereVector): RefusedSignature[] {
  const [{ pkcs1 = '' } = {}] = signatures;
  return [
    { keyType, form: 'raw', signature: pkcs1, reason: 'an RSA key has no r and s' },
    { keyType, form: 'pkcs1', signature: pkcs1.slice(2), reason: 'shorter than the modulus' },
    { keyType, form: 'pkcs1', signature: `${pkcs1.slice(0, -2)}${pkcs1.endsWith('00') ? '01' : '00'}`, reason: 'it does not verify' },
  ];
}

/** The octets of r and s as they are, right or wrong. */
function derOf(r: string, s: string): string {
  const members = [r, s].map((hex) => `02${octet(hex.length / 2)}${hex}`).join('');
  return `30${octet(members.length / 2)}${members}`;
}

function octet(value: number): string {
  return value.toString(16).padStart(2, '0');
}
