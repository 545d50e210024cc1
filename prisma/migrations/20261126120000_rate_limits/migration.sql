-- UNLOGGED: counts of the last minutes are worth no write-ahead log and no backup (ADR 31); a crash empties the table.
-- Half of each page stays free, so that counting up is a HOT update without index work.
CREATE UNLOGGED TABLE "rate_limit" (
    "key" VARCHAR(255) NOT NULL,
    "points" INTEGER NOT NULL DEFAULT 0,
    "expire" BIGINT,

    CONSTRAINT "rate_limit_pkey" PRIMARY KEY ("key")
) WITH (fillfactor = 50);
