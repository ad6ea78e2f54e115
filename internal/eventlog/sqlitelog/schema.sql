-- One row per conference: the end of its log. It is changed in the transaction that
-- adds the events, so the two can never differ.
CREATE TABLE IF NOT EXISTS log (
    number     INTEGER PRIMARY KEY,        -- of the conference, in the keys of its events
    conference TEXT    NOT NULL UNIQUE,
    epoch      TEXT    NOT NULL,           -- 64 random bits, hex
    pos        INTEGER NOT NULL,           -- position of the last event, 0 when empty
    hash       TEXT    NOT NULL,           -- the chain's link at pos, '' when empty
    at         INTEGER NOT NULL            -- log time of the last event, µs since 1970
) STRICT;

-- The events. The key is the row's own number: reading on from a position is one scan, and
-- appending goes to the right edge of one b-tree, whose pages take rows of up to 4 kB whole.
-- Versions of entities are counted from the events when a log is opened.
CREATE TABLE IF NOT EXISTS event (
    key       INTEGER PRIMARY KEY,         -- number of the conference × 2^40 + position (dense, from 1)
    at        INTEGER NOT NULL,            -- µs since 1970, never decreasing
    id        TEXT    NOT NULL,
    cause     TEXT    NOT NULL,            -- the command's id
    canonical BLOB    NOT NULL,            -- the bytes the digest covers
    digest    BLOB    NOT NULL,            -- 64 bytes
    hash      BLOB    NOT NULL,            -- 20 bytes: the chain's link
    sealed    BLOB                         -- ciphertexts by field (see sealed.go); NULL: none
) STRICT;
