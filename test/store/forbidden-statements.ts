import type { DatabaseRole } from '../../store/grants.ts';

/** Ids of enrollments in the states that statements are tried on. */
export interface Targets {
  waiting: string;
  issuing: string;
  delivered: string;
  completed: string;
}

export interface Forbidden {
  what: string;
  to: 'all' | readonly DatabaseRole[];
  sql: (ids: Targets) => string;
}

const HEX = (digit: string) => digit.repeat(64);

/** What everybody with a login must be refused. */
const POWER: Record<string, string> = {
  'to make a table': 'CREATE TABLE mine (id int)',
  'to make a temporary table': 'CREATE TEMP TABLE mine (id int)',
  'to make a schema': 'CREATE SCHEMA mine',
  'to make a function': 'CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS $$ SELECT 1 $$',
  'to replace end_enrollment': 'ALTER FUNCTION end_enrollment(uuid, text, text, text, text[]) SECURITY INVOKER',
  'to alter a table': 'ALTER TABLE enrollment DROP CONSTRAINT enrollment_pin_check',
  'to disable triggers': 'ALTER TABLE enrollment DISABLE TRIGGER ALL',
  'to put a trigger on a table': 'CREATE TRIGGER mine BEFORE INSERT ON audit FOR EACH ROW EXECUTE FUNCTION refuse_change()',
  'to run without triggers': 'SET session_replication_role = replica',
  'to drop a table': 'DROP TABLE audit',
  'to become the owner': 'SET ROLE cs_owner',
  'to become another session user': 'SET SESSION AUTHORIZATION cs_owner',
  'to make a role': 'CREATE ROLE mine',
  'to become a member of the owner': 'GRANT cs_owner TO cs_api',
  'to read password hashes of roles': 'SELECT rolpassword FROM pg_authid',
  'to read files': `SELECT pg_read_file('/etc/passwd')`,
  'to copy from a file': `COPY evidence_key FROM '/etc/passwd'`,
  'to run a program': `COPY (SELECT 1) TO PROGRAM 'id'`,
  'to import a large object': `SELECT lo_import('/etc/passwd')`,
  'to reload the configuration': 'SELECT pg_reload_conf()',
  'to read the migrations': 'SELECT * FROM _prisma_migrations',
  'to delete enrollments': 'DELETE FROM enrollment',
  'to delete certificates': 'DELETE FROM certificate',
  'to delete intents': 'DELETE FROM credential_intent',
  'to delete revocations': 'DELETE FROM revocation',
  'to delete claims': 'DELETE FROM key_claim',
  'to delete deliveries': 'DELETE FROM delivery',
  'to delete submissions': 'DELETE FROM csr_submission',
  'to delete PIN attempts': 'DELETE FROM pin_attempt',
  'to unblock a key': 'DELETE FROM blocked_key',
  'to rewrite a blocked key': `UPDATE blocked_key SET reason = 'none'`,
  'to alter audit rows': `UPDATE audit SET outcome = 'x'`,
  'to delete audit rows': 'DELETE FROM audit',
  'to truncate audit rows': 'TRUNCATE audit',
  'to say when an audit row was written': `INSERT INTO audit (at, actor, action, outcome) VALUES (now() - interval '1 day', 'x', 'x', 'x')`,
  'to choose the number of an audit row': `INSERT INTO audit (id, actor, action, outcome) VALUES (1, 'x', 'x', 'x')`,
  'to set the number of the next audit row': `SELECT setval('audit_id_seq', 1)`,
  'to insert a revocation': `INSERT INTO revocation (issuer_id, serial, enrollment_id, revoked_at, reason, not_after) SELECT 'issuing-ec', '4${'0'.repeat(31)}', gen_random_uuid(), now(), 'unspecified', now()`,
  'to alter a revocation': `UPDATE revocation SET reason = 'unspecified'`,
  'to make a certificate active': `UPDATE certificate SET status = 'active'`,
  'to replace a certificate': `UPDATE certificate SET der = '\\x00'`,
  'to change what will be signed': `UPDATE credential_intent SET tbs = '\\x00'`,
  'to change a stored CSR': `UPDATE csr_submission SET csr_text = 'x'`,
  'to change a delivery key': `UPDATE csr_submission SET delivery_key = '{}'`,
  'to change when a CSR was received': 'UPDATE csr_submission SET received_at = now()',
  'to move a claim to another device': `UPDATE key_claim SET device_id = 'mine'`,
  'to replace the sealed key': `UPDATE delivery SET sealed = 'x'`,
  'to write a receipt': `UPDATE delivery SET receipt = 'x'`,
  'to give an enrollment to another user': `UPDATE enrollment SET user_id = 'mine'`,
  'to waive a PIN afterwards': 'UPDATE enrollment SET pin_waived = true',
  'to extend an enrollment': `UPDATE enrollment SET expires_at = expires_at + interval '1 day'`,
  'to end an enrollment by hand': `UPDATE enrollment SET ended_at = now()`,
  'to call the guards’ trigger functions': 'SELECT block_compromised_key()',
};

const everybody = Object.entries(POWER).map(([what, sql]): Forbidden => ({ what, to: 'all', sql: () => sql }));

const insertIntent = (id: string) =>
  `INSERT INTO credential_intent (enrollment_id, kind, serial, issuer_id, profile, key_type, spki, tbs, not_before, not_after, lint)
   VALUES ('${id}', 'user', '4${'1'.repeat(31)}', 'issuing-ec', 'user', 'EC:P-256', '\\x00', '\\x00', now(), now(), 'clean')`;
const insertCertificate = (id: string) =>
  `INSERT INTO certificate (serial, enrollment_id, kind, issuer_id, client_id, user_id, device_id, token_id, key_type, der, sha256, not_before, not_after)
   VALUES ('4${'1'.repeat(31)}', '${id}', 'user', 'issuing-ec', 'c', 'u', 'd', 't', 'EC:P-256', '\\x00', 'x', now(), now())`;
const insertEnrollment = (columns: string, values: string) =>
  `INSERT INTO enrollment (id, client_id, user_id, device_id, token_id, platform, pin_policy, idempotency_key, body_sha256, token_kid, token_salt,
     stage_deadline, expires_at, pin_seconds, csr_seconds, ack_seconds, ${columns})
   VALUES (gen_random_uuid(), 'c', 'u-of-nobody', gen_random_uuid(), 't', 'other', 'skip-if-present', gen_random_uuid(), 'x', 't1', '\\x00',
     now(), now() + interval '1 minute', 1, 1, 1, ${values})`;
const wake = (state: string) => `UPDATE enrollment SET state = '${state}', state_since = now()`;

/** What belongs to another process, and what the guards refuse on columns that a process may write. */
const APART: readonly Forbidden[] = [
  { what: 'to insert an intent', to: ['cs_api', 'cs_worker', 'cs_sweeper', 'cs_operator'], sql: ({ issuing }) => insertIntent(issuing) },
  {
    what: 'to insert a certificate',
    to: ['cs_api', 'cs_worker', 'cs_sweeper', 'cs_operator'],
    sql: ({ issuing }) => insertCertificate(issuing),
  },
  {
    what: 'to mark an intent as burnt or issued',
    to: ['cs_api', 'cs_worker', 'cs_sweeper', 'cs_operator'],
    sql: () => `UPDATE credential_intent SET status = 'burnt'`,
  },
  {
    what: 'to insert an issued certificate that is active at once',
    to: ['cs_issuer'],
    sql: ({ issuing }) => insertCertificate(issuing).replace('serial,', 'status, serial,').replace('VALUES (', `VALUES ('active', `),
  },
  {
    what: 'to open an issued intent again',
    to: ['cs_issuer'],
    sql: ({ delivered }) => `UPDATE credential_intent SET status = 'open' WHERE enrollment_id = '${delivered}'`,
  },
  {
    what: 'to take a signing mark away',
    to: ['cs_issuer'],
    sql: ({ delivered }) => `UPDATE credential_intent SET signing_started_at = NULL WHERE enrollment_id = '${delivered}'`,
  },
  { what: 'to read what will be signed', to: ['cs_api', 'cs_worker', 'cs_sweeper'], sql: () => 'SELECT tbs FROM credential_intent' },
  { what: 'to read PINs', to: ['cs_worker', 'cs_issuer', 'cs_sweeper'], sql: () => 'SELECT user_id FROM user_pin' },
  { what: 'to read the hash of a PIN', to: ['cs_worker', 'cs_issuer', 'cs_sweeper', 'cs_operator'], sql: () => 'SELECT phc FROM user_pin' },
  { what: 'to reset a PIN', to: ['cs_worker', 'cs_issuer', 'cs_sweeper', 'cs_operator'], sql: () => 'DELETE FROM user_pin' },
  {
    what: 'to reset a PIN by the function',
    to: ['cs_worker', 'cs_issuer', 'cs_sweeper', 'cs_operator'],
    sql: () => `SELECT reset_pin('u-of-nobody', 'operator:x', 10)`,
  },
  {
    what: 'to end what a reset concerns',
    to: ['cs_worker', 'cs_issuer', 'cs_sweeper', 'cs_operator'],
    sql: () => `SELECT end_before_pin_reset('u-of-nobody', 'operator:x', 10)`,
  },
  { what: 'to lower how often a PIN was reset', to: 'all', sql: () => 'UPDATE pin_reset SET resets = 1' },
  { what: 'to forget resets', to: 'all', sql: () => 'DELETE FROM pin_reset' },
  { what: 'to count a reset by hand', to: 'all', sql: () => `INSERT INTO pin_reset (user_id, resets) VALUES ('u-of-nobody', 1)` },
  {
    what: 'to create an enrollment as if before a reset, or after one',
    to: 'all',
    sql: () => insertEnrollment('state, pin_resets', `'awaiting-pin', 1`),
  },
  { what: 'to put an enrollment after a reset', to: 'all', sql: () => 'UPDATE enrollment SET pin_resets = pin_resets + 1' },
  {
    what: 'to set up a PIN that no enrollment waits for',
    to: 'all',
    sql: () =>
      `INSERT INTO user_pin (user_id, pin_version, phc, params_version, memory_kib, passes, lanes, salt_kid, pepper_kid)
       VALUES ('u-of-nobody', gen_random_uuid(), 'x', 1, 1, 1, 1, 's1', 'p1')`,
  },
  { what: 'to read a sealed key', to: ['cs_worker', 'cs_issuer', 'cs_sweeper', 'cs_operator'], sql: () => 'SELECT sealed FROM delivery' },
  { what: 'to read CSRs', to: ['cs_sweeper', 'cs_retention'], sql: () => 'SELECT csr_text FROM csr_submission' },
  { what: 'to read enrollments', to: ['cs_retention'], sql: () => 'SELECT id FROM enrollment' },
  { what: 'to read certificates', to: ['cs_sweeper', 'cs_retention'], sql: () => 'SELECT der FROM certificate' },
  { what: 'to note an SDK key as retired', to: 'all', sql: () => `INSERT INTO retired_sdk_key VALUES ('\\x00')` },
  { what: 'to forget an SDK key', to: 'all', sql: () => 'DELETE FROM retired_sdk_key' },
  { what: 'to put off or bring forward a removal', to: 'all', sql: () => 'UPDATE enrollment SET certified_until = now()' },
  {
    what: 'to remove what its time has passed for',
    to: ['cs_api', 'cs_worker', 'cs_issuer', 'cs_sweeper', 'cs_operator'],
    sql: () => 'SELECT remove_expired(30, 90, 50)',
  },
  { what: 'to remove what ended today', to: ['cs_retention'], sql: () => 'SELECT remove_expired(0, 0, 50)' },
  { what: 'to write the audit chain', to: 'all', sql: () => `INSERT INTO audit_link (seq, audit_id, hash) VALUES (1, 1, '\\x00')` },
  { what: 'to move the head of the audit chain', to: 'all', sql: () => 'UPDATE audit_head SET seq = seq + 1' },
  {
    what: 'to close a segment of the audit',
    to: ['cs_api', 'cs_issuer', 'cs_sweeper', 'cs_operator'],
    sql: () => `INSERT INTO audit_checkpoint (seq, hash, at, kid, jws) VALUES (1, '\\x00', now(), 'x', 'x')`,
  },
  { what: 'to drop a segment of the audit', to: 'all', sql: () => `SELECT audit_drop(1, 'x', 'x')` },
  { what: 'to read audit rows', to: ['cs_issuer', 'cs_sweeper'], sql: () => 'SELECT * FROM audit' },
  {
    what: 'to add audit rows',
    to: ['cs_retention', 'cs_operator'],
    sql: () => `INSERT INTO audit (actor, action, outcome) VALUES ('x', 'x', 'x')`,
  },
  {
    what: 'to block a key',
    to: ['cs_api', 'cs_worker', 'cs_issuer', 'cs_sweeper'],
    sql: () => `INSERT INTO blocked_key (spki_sha256, reason, blocked_by) VALUES ('${HEX('a')}', 'x', 'operator:x')`,
  },
  {
    what: 'to block a key as a revocation',
    to: 'all',
    sql: () => `INSERT INTO blocked_key (spki_sha256, reason, blocked_by) VALUES ('${HEX('a')}', 'x', 'revocation')`,
  },
  {
    what: 'to say with which login a timeline was asked for',
    to: 'all',
    sql: () =>
      `INSERT INTO timeline_request (id, enrollment_id, actor, login) VALUES (gen_random_uuid(), gen_random_uuid(), 'operator:x', 'y')`,
  },
  { what: 'to replace a CRL', to: ['cs_api', 'cs_worker', 'cs_sweeper', 'cs_operator'], sql: () => `UPDATE issuer SET crl = '\\x00'` },
  { what: 'to replace a CA certificate', to: 'all', sql: () => `UPDATE issuer SET certificate = '\\x00'` },
  {
    what: 'to publish an evidence key',
    to: ['cs_api', 'cs_issuer', 'cs_sweeper', 'cs_operator'],
    sql: () => `INSERT INTO evidence_key (kid, jwk) VALUES ('x', '{}')`,
  },
  {
    what: 'to end an enrollment',
    to: ['cs_issuer', 'cs_retention', 'cs_operator'],
    sql: ({ waiting }) => `SELECT end_enrollment('${waiting}', 'cancelled', 'cancelled', 'x')`,
  },
  {
    what: 'to complete an enrollment',
    to: ['cs_api', 'cs_issuer', 'cs_sweeper', 'cs_operator'],
    sql: ({ delivered }) => `SELECT end_enrollment('${delivered}', 'a receipt', now())`,
  },
  {
    what: 'to insert an enrollment',
    to: ['cs_worker', 'cs_issuer', 'cs_sweeper', 'cs_operator'],
    sql: () => insertEnrollment('state', `'awaiting-pin'`),
  },
  {
    what: 'to insert an enrollment past its PIN',
    to: ['cs_api'],
    sql: () => insertEnrollment('state, pin_satisfied_at', `'awaiting-csr', now()`),
  },
  { what: 'to insert an enrollment that issues', to: ['cs_api'], sql: () => insertEnrollment('state, pin_waived', `'issuing', true`) },
  {
    what: 'to waive the PIN of a user who has none',
    to: ['cs_api'],
    sql: () => insertEnrollment('state, pin_waived', `'awaiting-csr', true`),
  },
  {
    what: 'to insert an enrollment that lives for years',
    to: ['cs_api'],
    sql: () => insertEnrollment('state', `'awaiting-pin'`).replace('1 minute', '2 years'),
  },
  {
    what: 'to accept a CSR',
    to: ['cs_api', 'cs_issuer', 'cs_sweeper', 'cs_operator'],
    sql: ({ waiting }) => `UPDATE enrollment SET csr_digest = 'x' WHERE id = '${waiting}'`,
  },
  {
    what: 'to take an enrollment to issuing',
    to: ['cs_api', 'cs_issuer', 'cs_sweeper', 'cs_operator'],
    sql: ({ delivered }) => `${wake('issuing')} WHERE id = '${delivered}'`,
  },
  {
    what: 'to take an enrollment back, so that its PIN is asked again',
    to: ['cs_api', 'cs_worker', 'cs_issuer'],
    sql: ({ issuing }) => `${wake('awaiting-pin')} WHERE id = '${issuing}'`,
  },
  {
    what: 'to complete an enrollment by its state',
    to: ['cs_api', 'cs_worker', 'cs_issuer'],
    sql: ({ delivered }) => `${wake('completed')} WHERE id = '${delivered}'`,
  },
  {
    what: 'to go past the PIN',
    to: ['cs_worker', 'cs_issuer', 'cs_sweeper'],
    sql: ({ waiting }) => `${wake('awaiting-csr')}, pin_satisfied_at = now() WHERE id = '${waiting}'`,
  },
  {
    what: 'to satisfy a PIN without leaving the stage',
    to: ['cs_api'],
    sql: ({ waiting }) => `UPDATE enrollment SET pin_satisfied_at = now() WHERE id = '${waiting}'`,
  },
  {
    what: 'to satisfy a PIN a second time',
    to: ['cs_api'],
    sql: ({ issuing }) => `UPDATE enrollment SET pin_satisfied_at = now() WHERE id = '${issuing}'`,
  },
  {
    what: 'to raise the deadline of a stage',
    to: ['cs_api', 'cs_worker', 'cs_issuer'],
    sql: ({ delivered }) => `UPDATE enrollment SET stage_deadline = stage_deadline + interval '1 minute' WHERE id = '${delivered}'`,
  },
  {
    what: 'to go past the PIN with a deadline beyond the whole',
    to: ['cs_api'],
    sql: ({ waiting }) =>
      `${wake('awaiting-csr')}, pin_satisfied_at = now(), stage_deadline = expires_at + interval '1 s' WHERE id = '${waiting}'`,
  },
  { what: 'to forget PIN attempts', to: ['cs_api'], sql: () => 'UPDATE enrollment SET pin_attempts = pin_attempts - 1' },
  { what: 'to forget refused CSRs', to: ['cs_worker'], sql: () => 'UPDATE enrollment SET csr_refusals = csr_refusals - 1' },
  {
    what: 'to change an ended enrollment',
    to: ['cs_api'],
    sql: ({ completed }) => `UPDATE enrollment SET pin_attempts = pin_attempts + 1 WHERE id = '${completed}'`,
  },
  {
    what: 'to change the outcome of a PIN attempt',
    to: ['cs_api'],
    sql: ({ completed }) => `UPDATE pin_attempt SET outcome = 'pin_incorrect' WHERE enrollment_id = '${completed}'`,
  },
  {
    what: 'to change the outcome of a CSR',
    to: ['cs_worker'],
    sql: ({ completed }) => `UPDATE csr_submission SET outcome = 'key_in_use' WHERE enrollment_id = '${completed}'`,
  },
  {
    what: 'to store a CSR that is accepted already',
    to: ['cs_api'],
    sql: ({ waiting }) =>
      `INSERT INTO csr_submission (enrollment_id, digest, csr_text, delivery_key, delivery_format, outcome) VALUES ('${waiting}', 'x', 'x', '{}', 'jwe', 'accepted')`,
  },
  { what: 'to count deliveries down', to: ['cs_api'], sql: () => 'UPDATE delivery SET deliveries = deliveries - 1' },
  {
    what: 'to change when something was first delivered',
    to: ['cs_api'],
    sql: ({ completed }) => `UPDATE delivery SET first_delivered_at = now() WHERE enrollment_id = '${completed}'`,
  },
];

export const FORBIDDEN: readonly Forbidden[] = [...everybody, ...APART];
