/**
 * The moments of an enrollment at which losing a process, a connection or a server could cost something. In the order in which they
 * happen; `-ing` stands before the commit, the past tense just after it, `-answering` before the answer leaves.
 */
export const FAULT_POINTS = [
  /** API: the row is committed, Temporal has not heard of it. */
  'row-inserted',
  /** API, or the sweeper: the run was started, the row does not say so yet. */
  'workflow-started',
  /** API: row and run are there, the Token Service has no answer. */
  'create-answering',
  /** API: the attempt is charged, the PIN not yet evaluated. */
  'pin-charged',
  /** API: PIN and state are committed, the run was not woken. */
  'pin-satisfied',
  /** API: the run was woken, the device has no answer. */
  'signal-sent',
  /** API: the submission is stored, the run was not asked to judge it. */
  'csr-submitted',
  /** Enrollment worker: claim and state are written, not committed. */
  'key-claiming',
  /** Enrollment worker: they are committed, the run does not know. */
  'key-claimed',
  /** Issuance worker: the SDK key is made and sealed, nothing of it stored. */
  'sdk-key-made',
  /** Issuance worker: intents and sealed key are committed. */
  'intents-committed',
  /** Issuance worker: a signature may exist from here on. */
  'signing-marked',
  /** Issuance worker: both signatures exist, in its memory only. `about`: the serials. */
  'signed',
  /** Issuance worker: certificates are written, not committed. */
  'certificates-storing',
  /** Issuance worker: they are committed, Temporal does not know. */
  'certificates-stored',
  /** API: the run answered the CSR, the device has no answer. */
  'update-answered',
  /** API: the delivery is counted, the credentials have not left. */
  'delivered',
  /** Enrollment worker: key erased, certificates active, receipt signed; not committed. */
  'ack-committing',
  /** Enrollment worker: committed, the run does not know. */
  'ack-committed',
  /** API: the run answered the acknowledgement, the device has no receipt. */
  'ack-answered',
  /** API or worker: an enrollment ended with its compensation. */
  'ended',
  /** API: the run answered the cancellation, the caller has no answer. */
  'cancel-answered',
  /** Enrollment worker: a turn of the sweeper is committed, unstarted runs are not started. */
  'swept',
  /** Issuance worker: a CRL is signed, not committed. */
  'crl-signed',
  /** Issuance worker: it is committed. */
  'crl-stored',
  /** Any process: an audit row is written in the transaction of its effect, which is not committed. */
  'audit-appended',
] as const;

export type FaultPoint = (typeof FAULT_POINTS)[number];
