import { boolean, octetString, oid, sequence } from '../../../core/asn1/write-der.ts';
import type { CsrSubmissionInput } from '../../../core/csr/judge-csr.ts';
import { ALGORITHM, bindingAttribute, buildRequest, delivery, type Pieces, rsa2048, submission, thumbprint } from './csr-builder.ts';

/** A title and a submission with one fault; the key of the table that it stands in is the code it must meet. */
export type Case = [title: string, input: CsrSubmissionInput];

export const binding = bindingAttribute(thumbprint(delivery));
export const bySha256 = { key: rsa2048, algorithm: ALGORITHM.rs256 };
export const good = buildRequest();

export function fromPieces(title: string, pieces: Pieces): Case {
  return [title, submission({ der: buildRequest(pieces) })];
}

export function fromText(title: string, csrText: string): Case {
  return [title, submission({ csrText })];
}

export function fromJwk(title: string, deliveryKey: unknown): Case {
  return [title, submission({ deliveryKey })];
}

export function extension(id: string, critical = false): Uint8Array {
  return sequence(oid(id), ...(critical ? [boolean(true)] : []), octetString(sequence()));
}
