/**
 * Every field that a log line may have, beside level, time, process and message. What is not named here is dropped, and its name is
 * written in its place: an object that was passed whole shows up as a list of names and never as a secret.
 */
const FIELDS: ReadonlySet<string> = new Set([
  'activityType',
  'crlNumber',
  'enrollmentId',
  'entries',
  'err',
  'fault',
  'file',
  'filesPort',
  'fingerprint256',
  'internalPort',
  'issuerId',
  'loop',
  'method',
  'ms',
  'operatorPort',
  'overdueSeconds',
  'partnerPort',
  'pepperKid',
  'port',
  'publicPort',
  'refusals',
  'removed',
  'requestId',
  'route',
  'runId',
  'saltKid',
  'seq',
  'serialNumber',
  'source',
  'state',
  'status',
  'validTo',
  'workflowId',
]);

/** Keeps the fields of the list whose value is plain; the serializer of `err` sees errors later. */
export function allowedFields(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined);
  const kept = entries.filter(([name, value]) => FIELDS.has(name) && (name === 'err' || isPlain(value)));
  const dropped = entries.filter((entry) => !kept.includes(entry)).map(([name]) => name.slice(0, 40));
  return { ...Object.fromEntries(kept), ...(dropped.length === 0 ? {} : { dropped }) };
}

function isPlain(value: unknown): boolean {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' || value === null;
}
