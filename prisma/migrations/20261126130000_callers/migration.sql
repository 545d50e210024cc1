-- Pages of the operator's list: newest first, by keyset.
CREATE INDEX "enrollment_created_at_id_idx" ON "enrollment"("created_at", "id");
