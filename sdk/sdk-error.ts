/**
 * What went wrong on the device itself: nothing that the service answered. `docs/sdk-integration.md` says for each what to show the user.
 * - `configuration`: an option is missing or malformed; a programming error.
 * - `no_answer`: five tries without an answer of the service (no network, wrong TLS certificate, a gateway's 502 or 504). Resume later.
 * - `unexpected_answer`: an answer that is not of this protocol (a captive portal, a redirect, a damaged body).
 * - `pin_params_refused`: the service asked for a PIN hash that is too weak or unknown. Never hash the PIN anyway.
 * - `pin_against_policy`, `pin_weak`: the PIN itself; the flow asks the user again, so callers see them in `lastError` only.
 * - `sealed_key_refused`, `certificate_refused`, `receipt_refused`: something received does not hold. Nothing was acknowledged, except for `receipt_refused`.
 * - `card_wrong_secret`, `card_damaged`, `card_version`, `card_empty`: the virtual smart card.
 * - `card_unsafe`: folder or file of the card belong to another user, are open to others, or are a link. Nothing was read or written.
 * - `signature_refused`: what an external signer gave for a CSR is not of the named form, or does not verify.
 * - `nothing_to_resume`: the card holds no unfinished enrollment.
 */
export type SdkErrorCode =
  | 'configuration'
  | 'no_answer'
  | 'unexpected_answer'
  | 'pin_params_refused'
  | 'pin_against_policy'
  | 'pin_weak'
  | 'sealed_key_refused'
  | 'certificate_refused'
  | 'receipt_refused'
  | 'card_wrong_secret'
  | 'card_damaged'
  | 'card_version'
  | 'card_empty'
  | 'card_unsafe'
  | 'signature_refused'
  | 'nothing_to_resume';

/** An error that the SDK itself found. `message` is for developers, never for the user; it names no secret. */
export class SdkError extends Error {
  override readonly name = 'SdkError';

  constructor(
    readonly code: SdkErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
