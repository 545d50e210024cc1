-- A public key has one use, for ever (ADR 49): delivery keys are claimed beside user keys, under the same primary key.
ALTER TABLE "key_claim" ADD COLUMN     "use" TEXT NOT NULL DEFAULT 'user';
ALTER TABLE "key_claim" ADD CONSTRAINT "key_claim_use" CHECK ("use" IN ('user', 'delivery'));

-- The delivery keys of all accepted submissions, named by SHA-256 of their SubjectPublicKeyInfo (P-256, uncompressed point). The first stays.
INSERT INTO key_claim (spki_sha256, client_id, user_id, device_id, enrollment_id, use, claimed_at)
SELECT encode(sha256('\x3059301306072a8648ce3d020106082a8648ce3d03010703420004'::bytea
    || decode(translate(s.delivery_key ->> 'x', '-_', '+/') || '=', 'base64')
    || decode(translate(s.delivery_key ->> 'y', '-_', '+/') || '=', 'base64')), 'hex'),
  e.client_id, e.user_id, e.device_id, e.id, 'delivery', s.decided_at
FROM csr_submission s JOIN enrollment e ON e.id = s.enrollment_id
WHERE s.outcome = 'accepted' ORDER BY s.decided_at
ON CONFLICT DO NOTHING;
