import { boolean, octetString, oid, sequence, tlv } from '../../core/asn1/write-der.ts';
import type { CsrSubmissionInput } from '../../core/csr/judge-csr.ts';
import {
  ALGORITHM,
  bindingAttribute,
  buildRequest,
  delivery,
  goodAttributes,
  type Pieces,
  rsa2048,
  submission,
  thumbprint,
} from './build-request.ts';

/**
 * A title that says what is wrong, and a submission with that one fault; the key of the table that it stands in is the code it must meet.
 * The reference is given where it says more than the rule of the code.
 */
export type Case = readonly [title: string, input: CsrSubmissionInput, reference?: string];

export const binding = bindingAttribute(thumbprint(delivery));
export const bySha256 = { key: rsa2048, algorithm: ALGORITHM.rs256 };
export const good = buildRequest();

export function fromPieces(title: string, pieces: Pieces, reference?: string): Case {
  return caseOf(title, submission({ der: buildRequest(pieces) }), reference);
}

export function fromText(title: string, csrText: string, reference?: string): Case {
  return caseOf(title, submission({ csrText }), reference);
}

export function fromJwk(title: string, deliveryKey: unknown, reference?: string): Case {
  return caseOf(title, submission({ deliveryKey }), reference);
}

/** A sound request, rightly signed, but for one more attribute whose value is these octets. */
export function fromValue(title: string, valueHex: string, reference?: string): Case {
  return fromPieces(title, { attributes: [...goodAttributes(), unknownAttribute(valueHex)] }, reference);
}

export function unknownAttribute(valueHex: string, type = '1.2.3.4'): Uint8Array {
  return sequence(oid(type), tlv(0x31, Buffer.from(valueHex.replaceAll(' ', ''), 'hex')));
}

export function extension(id: string, critical = false, value: Uint8Array = sequence()): Uint8Array {
  return sequence(oid(id), ...(critical ? [boolean(true)] : []), octetString(value));
}

function caseOf(title: string, input: CsrSubmissionInput, reference: string | undefined): Case {
  return reference === undefined ? [title, input] : [title, input, reference];
}
