/** The first thing that is wrong with an audit chain. */
export interface AuditFinding {
  /**
   * `altered`: a row's content does not give its hash · `hash-altered`: the content is right, the stored hash is not · `removed`: a place or
   * its row is missing · `reordered`: another row stands in its place · `inserted`: a row without a place in the chain, or one too many ·
   * `truncated`: the end is missing · `rewritten`: the hashes agree with each other and not with a signed checkpoint or a kept head ·
   * `checkpoint`: a checkpoint itself is not what was signed.
   */
  readonly kind: 'altered' | 'hash-altered' | 'removed' | 'reordered' | 'inserted' | 'truncated' | 'rewritten' | 'checkpoint';
  /** Place in the chain; for `inserted` the place after which it came, as far as that is known. */
  readonly seq: number;
  /** Id of the audit row, where there is one. */
  readonly id?: string;
  /** One sentence for an auditor. */
  readonly what: string;
}

export type AuditVerdict =
  | { readonly ok: true; readonly from: number; readonly through: number; readonly hash: string; readonly checkpoints: number }
  | { readonly ok: false; readonly finding: AuditFinding };
