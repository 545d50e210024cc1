/**
 * Which role may do what to which table, by column: the one source (ADR 27). `cs migrate` applies it, docs/database-roles.md is made
 * from it, and a test compares it with PostgreSQL's catalogue in both directions. A table or function without an entry fails that test.
 */

/** One login a process, and one for people with the `cs` command. The owner `cs_owner` migrates; no process uses it. */
export const DATABASE_ROLES = ['cs_api', 'cs_worker', 'cs_issuer', 'cs_sweeper', 'cs_retention', 'cs_operator'] as const;
export type DatabaseRole = (typeof DATABASE_ROLES)[number];

export const OWNER_ROLE = 'cs_owner';

/** Columns by name; `all`: also those that a later migration adds. */
export interface Grant {
  readonly select?: 'all' | readonly string[];
  readonly insert?: readonly string[];
  readonly update?: readonly string[];
  readonly delete?: true;
}

export type TableGrants = Readonly<Partial<Record<DatabaseRole, Grant>>>;

/** Names of columns in one line. */
const columns = (names: string): readonly string[] => names.split(' ');

/** Who, what and how it went; never `id` and `at`, which are the database's own. */
const APPEND_AUDIT = { insert: columns('actor action enrollment_id user_id outcome detail') } satisfies Grant;

export const TABLE_GRANTS: Readonly<Record<string, TableGrants>> = {
  enrollment: {
    cs_api: {
      select: 'all',
      insert: columns(
        'id client_id user_id device_id token_id platform pin_policy idempotency_key body_sha256 token_kid token_salt state created_at state_since stage_deadline expires_at pin_seconds csr_seconds ack_seconds pin_waived',
      ),
      update: columns('state state_since stage_deadline pin_satisfied_at pin_attempts csr_submissions started_at'),
    },
    cs_worker: { select: 'all', update: columns('state state_since stage_deadline csr_digest csr_refusals ack_refusals') },
    cs_issuer: { select: 'all', update: columns('state state_since stage_deadline') },
    cs_sweeper: { select: 'all', update: columns('started_at') },
    cs_operator: { select: 'all' },
  },
  // Written by reset_pin and the triggers alone.
  pin_reset: { cs_operator: { select: 'all' } },
  user_pin: {
    cs_api: {
      select: 'all',
      insert: columns('user_id pin_version phc params_version memory_kib passes lanes salt_kid pepper_kid'),
      update: columns('phc pepper_kid failed next_attempt_at updated_at'),
      // For processes of the release before, one release longer; now reset_pin does it.
      delete: true,
    },
    // Whether and how often, not the hash.
    cs_operator: { select: columns('user_id salt_kid pepper_kid failed next_attempt_at created_at updated_at') },
  },
  device: {
    cs_api: {
      select: 'all',
      insert: columns('client_id user_id device_id token_id platform pin_proven_at'),
      update: columns('token_id platform pin_proven_at'),
    },
    cs_operator: { select: 'all' },
  },
  pin_attempt: {
    cs_api: {
      select: 'all',
      insert: columns('enrollment_id attempt_id mode charged_at'),
      update: columns('outcome attempts_left retry_at decided_at'),
    },
    cs_operator: { select: 'all' },
  },
  csr_submission: {
    // No update: what was received is what is judged.
    cs_api: {
      select: 'all',
      insert: columns('enrollment_id digest csr_text delivery_key delivery_format sdk_key unreadable detail offset'),
    },
    cs_worker: { select: 'all', update: columns('outcome detail offset attempts_left decided_at') },
    cs_issuer: { select: 'all' },
    cs_operator: { select: 'all' },
  },
  key_claim: {
    cs_worker: { select: 'all', insert: columns('spki_sha256 client_id user_id device_id enrollment_id use') },
    // Seals to no key that has another use; claims what the version before left unclaimed.
    cs_issuer: { select: 'all', insert: columns('spki_sha256 client_id user_id device_id enrollment_id use') },
    cs_operator: { select: 'all' },
  },
  blocked_key: {
    cs_worker: { select: columns('spki_sha256') },
    cs_issuer: { select: columns('spki_sha256') },
    // No update and no delete: a compromised key stays compromised (ADR 28).
    cs_operator: { select: 'all', insert: columns('spki_sha256 reason blocked_by') },
  },
  credential_intent: {
    // For operators; what will be signed is not the API's business.
    cs_api: { select: columns('enrollment_id kind serial issuer_id key_type status signing_started_at') },
    // Is a key that was sent one that the service made?
    cs_worker: { select: columns('kind spki') },
    cs_issuer: {
      select: 'all',
      insert: columns('enrollment_id kind serial issuer_id profile key_type spki tbs not_before not_after lint'),
      update: columns('status signing_started_at'),
    },
    cs_operator: { select: 'all' },
  },
  // Written by remove_expired alone.
  retired_sdk_key: { cs_worker: { select: 'all' }, cs_operator: { select: 'all' } },
  certificate: {
    cs_api: { select: 'all' },
    cs_worker: { select: 'all' },
    cs_issuer: {
      insert: columns('serial enrollment_id kind issuer_id client_id user_id device_id token_id key_type der sha256 not_before not_after'),
    },
    cs_operator: { select: 'all' },
  },
  delivery: {
    cs_api: {
      select: columns('enrollment_id format delivery_kid sealed sealed_sha256 sealed_at deliveries first_delivered_at erased_at receipt'),
      update: columns('deliveries first_delivered_at'),
    },
    // Everything that a receipt states; never the sealed key.
    cs_worker: {
      select: columns('enrollment_id delivery_kid spki_sha256 sealed_sha256 made_at sealed_at plain_gone_by deliveries first_delivered_at'),
    },
    cs_issuer: {
      select: columns('enrollment_id spki_sha256'),
      insert: columns('enrollment_id format delivery_kid spki_sha256 sealed sealed_sha256 made_at sealed_at plain_gone_by'),
    },
    cs_operator: {
      select: columns(
        'enrollment_id format delivery_kid spki_sha256 sealed_sha256 made_at sealed_at plain_gone_by deliveries first_delivered_at erased_at receipt',
      ),
    },
  },
  issuer: {
    cs_api: { select: 'all' },
    cs_worker: { select: columns('id certificate') },
    cs_issuer: {
      select: 'all',
      insert: columns('id certificate'),
      update: columns('crl crl_number this_update next_update crl_due_at'),
    },
    cs_operator: { select: 'all' },
  },
  // Inserted by end_enrollment alone.
  revocation: { cs_issuer: { select: 'all' }, cs_operator: { select: 'all' } },
  evidence_key: {
    cs_api: { select: 'all' },
    cs_worker: { select: 'all', insert: columns('kid jwk') },
    cs_operator: { select: 'all' },
  },
  audit: {
    // For timelines; the chain itself is written by a trigger with the owner's rights.
    cs_api: { ...APPEND_AUDIT, select: 'all' },
    cs_worker: { ...APPEND_AUDIT, select: 'all' },
    cs_issuer: APPEND_AUDIT,
    cs_sweeper: APPEND_AUDIT,
    cs_operator: { select: 'all' },
  },
  audit_link: { cs_api: { select: 'all' }, cs_worker: { select: 'all' }, cs_operator: { select: 'all' } },
  audit_head: { cs_worker: { select: 'all' }, cs_operator: { select: 'all' } },
  audit_checkpoint: { cs_worker: { select: 'all', insert: columns('seq hash at kid jws') }, cs_operator: { select: 'all' } },
  timeline_request: {
    cs_api: { select: 'all', insert: columns('id enrollment_id actor') },
    // Renders and signs what it read itself.
    cs_worker: { select: 'all', update: columns('jws done_at'), delete: true },
    cs_operator: { select: 'all', insert: columns('id enrollment_id actor') },
  },
  rate_limit: { cs_api: { select: 'all', insert: columns('key points expire'), update: columns('key points expire'), delete: true } },
  _prisma_migrations: {},
};

/** Who may call a function by name; trigger functions need no caller. Everybody else, PUBLIC included, may call none. */
export const FUNCTION_GRANTS: Readonly<Record<string, readonly DatabaseRole[]>> = {
  'end_enrollment(uuid, text, text, text, text[])': ['cs_api', 'cs_worker', 'cs_sweeper'],
  // With a receipt: whoever verified the device's proof.
  'end_enrollment(uuid, text, timestamp with time zone)': ['cs_worker'],
  // Advisory locks in their order (store/locks.ts).
  'lock_user(text, boolean)': ['cs_api', 'cs_worker'],
  'lock_device(text, text, text)': ['cs_api', 'cs_worker'],
  // Called by remove_expired, with the owner's rights.
  'try_lock_device(text, text, text)': [],
  'try_lock_checkpoints()': ['cs_worker'],
  // Nothing else for this login: no table, no free DELETE.
  'remove_expired(integer, integer, integer)': ['cs_retention'],
  'reset_pin(text, text, integer)': ['cs_api'],
  'end_before_pin_reset(text, text, integer)': ['cs_api'],
  'is_before_pin_reset(enrollment)': ['cs_api', 'cs_worker', 'cs_issuer', 'cs_sweeper'],
  'pin_resets_of(text)': [],
  'raise_pin_resets(text)': [],
  'freeze_pin_resets()': [],
  'count_pin_reset()': [],
  'guard_new_pin()': [],
  // Called by the guards, as the process that is guarded.
  'is_owner_of(oid)': ['cs_api', 'cs_worker', 'cs_issuer', 'cs_sweeper', 'cs_operator'],
  'keep_terminal()': [],
  'keep_signed_bytes()': [],
  'refuse_change()': [],
  'crl_due()': [],
  'crl_modified()': [],
  'guard_new_enrollment()': [],
  'guard_enrollment()': [],
  'guard_outcome()': [],
  'guard_delivery()': [],
  'guard_intent()': [],
  'block_compromised_key()': [],
  'audit_blocked_key()': [],
  'guard_blocked_by()': [],
  'guard_actor()': [],
  'jws_kid(text)': [],
  'audit_field(text)': [],
  'audit_hash(bytea, bigint, audit)': [],
  'audit_chain()': [],
  'audit_floor()': [],
  'audit_keep()': [],
  'audit_drop(bigint, text, text)': [],
  'audit_revocation()': [],
  'audit_erasure()': [],
  'keep_blocked()': [],
};
