-- Small things with an expiry. Counters are kept as decimal text, as Redis does.
CREATE TABLE IF NOT EXISTS entry (
    key     TEXT    NOT NULL PRIMARY KEY,
    value   BLOB    NOT NULL,
    expires INTEGER NOT NULL               -- µs since 1970; 0: never
) WITHOUT ROWID, STRICT;

-- Finds what has expired without looking at the rest.
CREATE INDEX IF NOT EXISTS entry_expires ON entry (expires) WHERE expires > 0;
