import { CSR_REFUSALS, type CsrRefusalCode } from '../../contract/csr-refusal-codes.ts';

/** Why a submission was refused. `detail` and `offset` describe structure only: nothing of what was sent is echoed. */
export interface CsrRefusal {
  code: CsrRefusalCode;
  detail: string;
  /** Octet of the DER at which the fault was seen. */
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
  ) {
    super(detail ?? `${CSR_REFUSALS[code].title}.`);
  }
}

export function refusal(code: CsrRefusalCode, detail: string, offset?: number): CsrRefusal {
  return { code, detail, hint: CSR_REFUSALS[code].hint, ...(offset === undefined ? {} : { offset }) };
}
