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

/** What a developer who meets it should do. */
const NEXT_STEP: Readonly<Record<SdkErrorCode, string>> = {
  configuration: 'Correct the option or argument that the message names; this is a fault of the app.',
  no_answer: 'Look at the network, at baseUrl and at tlsCa; then resume: nothing is lost.',
  unexpected_answer: 'Look whether something between app and service answered (captive portal, proxy, gateway); then resume.',
  pin_params_refused: 'Do not hash the PIN. Compare the PIN settings of the service with the versions of this SDK.',
  pin_against_policy: 'Ask the user for another PIN that fits the policy in the view.',
  pin_weak: 'Ask the user for another PIN: this one is among the commonest.',
  sealed_key_refused: 'Acknowledge nothing. Report the enrollment id: key, delivery key or enrollment do not belong together.',
  certificate_refused: 'Acknowledge nothing. Compare roots with the root certificate of the service, then report the enrollment id.',
  receipt_refused: 'Keep the certificates, which are good. Fetch the evidence keys again, then report the enrollment id.',
  card_wrong_secret: 'Open the card with the device secret that it was made with.',
  card_damaged: 'Delete the card and register the device again; its keys cannot be had back.',
  card_version: 'Update the app: the card was written by another version of this SDK.',
  card_empty: 'Enroll the device first.',
  card_unsafe: 'Give the folder to the user of the app with mode 700, its files 600, without links.',
  signature_refused: 'Sign the octets once, with the key of the request, and say the form that the signer gives.',
  nothing_to_resume: 'Begin with a registration; there is no unfinished enrollment on this card.',
};

/** An error that the SDK itself found. `message` (what, where) and `hint` (what to do) are for developers, never for the user; no secret in them. */
export class SdkError extends Error {
  override readonly name = 'SdkError';
  readonly hint: string;

  constructor(
    readonly code: SdkErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.hint = NEXT_STEP[code];
  }
}
