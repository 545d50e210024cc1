/*
 * Reference device SDK: what the app's SDK must do, as runnable code. docs/sdk-integration.md is the guide.
 * What is not exported here is not for apps; above all nothing that reaches a key.
 */
export { cancelEnrollment } from './cancel-enrollment.ts';
export type { CardCertificates, CardState, OpenCardOptions, TlsClientIdentity } from './card/virtual-card.ts';
export { VirtualCard } from './card/virtual-card.ts';
export type { CsrToSign, CsrToSignInput } from './csr/csr-to-sign.ts';
export { csrToSign } from './csr/csr-to-sign.ts';
export { deliveryThumbprint } from './csr/delivery-key.ts';
export type { FinishedCsr, SignedCsrInput } from './csr/finish-csr.ts';
export { finishCsr } from './csr/finish-csr.ts';
export type { GivenPublicKey } from './csr/public-key.ts';
export type { SignatureForm } from './csr/signature-form.ts';
export { enrollDevice, resumeEnrollment } from './enroll-device.ts';
export type {
  AskForPin,
  EnrollDeviceOptions,
  Enrolled,
  FlowOptions,
  PinPrompt,
  PinRefusal,
  ResumeEnrollmentOptions,
} from './enrollment-options.ts';
export type { ProblemAnswer } from './enrollment-problem.ts';
export { EnrollmentEnded, EnrollmentProblem } from './enrollment-problem.ts';
export { pinRefusal } from './pin/check-pin.ts';
export type { SdkErrorCode } from './sdk-error.ts';
export { SdkError } from './sdk-error.ts';
export type { StepEvent, StepListener, StepName } from './step-event.ts';
export { verifyStoredReceipt } from './verify-stored-receipt.ts';
