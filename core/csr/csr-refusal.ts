import { CSR_REFUSALS, type CsrRefusalCode } from '../../contract/csr-refusal-codes.ts';

/** Why a submission was refused. `detail` and `offset` describe structure only: nothing of what was sent is echoed. */
export interface CsrRefusal {
  code: CsrRefusalCode;
  /** The sentence of the standard that is broken: that of the code, or a closer one such as "X.690 §10.1". */
  rule: string;
  detail: string;
  /** Where the fault was seen: octet of the DER; where there is none yet (`csr_encoding…`, the label of a PEM block), character of the text. */
  offset?: number;
  hint: string;
}

/** How a check of the gate leaves: thrown inside core/csr, turned into a `CsrRefusal` by `judgeCsr` and `decodeCsrText`. */
export class CsrRefused extends Error {
  override readonly name = 'CsrRefused';

  constructor(
    readonly code: CsrRefusalCode,
    detail?: string,
    readonly offset?: number,
    readonly rule?: string,
  ) {
    super(detail ?? `${CSR_REFUSALS[code].title}.`);
  }
}

export function refusalOf({ code, message, offset, rule }: CsrRefused): CsrRefusal {
  const { hint, rule: usual } = CSR_REFUSALS[code];
  return { code, rule: rule ?? usual, detail: message, hint, ...(offset === undefined ? {} : { offset }) };
}
