/** Everything that is audited, with what the row says: the closed set of `audit.action`, in code and in migrations. */
export const AUDIT_ACTIONS = {
  'enrollment.create': 'a Token Service created the enrollment; outcome = first state',
  'workflow.start': 'the workflow of the enrollment was started',
  'pin.charge': 'one PIN attempt was charged before it is evaluated',
  'pin.setup': 'the outcome of an attempt to choose a PIN',
  'pin.verify': 'the outcome of an attempt to enter the PIN',
  'pin.reset':
    'the PIN of a user was removed (outcome removed, or absent: there was none); detail.ended = how many open enrollments it ends',
  'csr.submit': 'a CSR was received and stored',
  'csr.accept': 'the CSR passed the gate; its key now belongs to the device',
  'csr.refuse': 'the CSR was refused; outcome = code',
  'credentials.intend': 'what will be signed was committed, with the sealed SDK key',
  'credentials.sign': 'the CA keys are about to sign; written before each use',
  'credentials.issue': 'both certificates exist',
  'credentials.refuse': 'issuing was refused for good; outcome = code',
  'credentials.deliver': 'the sealed SDK key was handed out; each time',
  'enrollment.acknowledge': 'the device acknowledged; outcome = completed, or the code of a wrong proof',
  'sealed-key.erase': 'the sealed SDK key was erased',
  'enrollment.cancel':
    'a device or Token Service asked to cancel an open enrollment; outcome = where it stood; what came of it is enrollment.end',
  'enrollment.end': 'the enrollment ended otherwise than completed; outcome = state',
  'enrollments.remove': 'retention removed enrollments whose time has passed; detail = their ids',
  'certificates.revoke': 'serial numbers were revoked; outcome = reason',
  'key.block': 'a public key was put on the block list, by an operator or by a revocation for key compromise',
  'key.unblock': 'the owner of the tables took an entry off the block list, past the service',
  'crl.sign': 'an issuing CA signed a CRL',
  'crl.import': 'a CRL that was signed elsewhere was taken over',
  'issuer.register': 'the certificate of a CA was made known',
  'evidence-key.publish': 'the public half of an evidence key was published',
  'audit.checkpoint': 'the chain was signed up to a place',
  'audit.drop': 'exported rows were dropped',
  'timeline.export': 'the timeline of an enrollment was signed for somebody',
  // Of a call that was refused the outcome is not_found or the code of the refusal.
  'operator.list': 'an operator searched for enrollments; detail = what was asked for',
  'operator.show': 'an operator looked at an enrollment; outcome = its state',
  'operator.timeline': 'an operator read the timeline of an enrollment; outcome = its state',
  'operator.cancel':
    'an operator would have cancelled an enrollment that had ended, or is not there; a cancellation itself is enrollment.end',
  'operator.pin-reset': 'an operator was refused the reset of a PIN; a reset itself is pin.reset',
  'operator.locked-users': 'an operator listed the users with a locked PIN; outcome = how many',
  'operator.sweep': 'an operator had the sweeper run; detail = what it did',
} as const;

export type AuditAction = keyof typeof AUDIT_ACTIONS;
