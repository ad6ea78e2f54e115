-- One row per conference: the end of its log. It is changed in the transaction that
-- adds the events, so the two can never differ.
CREATE TABLE IF NOT EXISTS log (
    conference TEXT    NOT NULL PRIMARY KEY,
    epoch      TEXT    NOT NULL,           -- 64 random bits, hex
    pos        INTEGER NOT NULL,           -- position of the last event, 0 when empty
    hash       TEXT    NOT NULL,           -- the chain's link at pos, '' when empty
    at         INTEGER NOT NULL            -- log time of the last event, µs since 1970
) WITHOUT ROWID, STRICT;

-- The events. WITHOUT ROWID: the primary key is the table, so reading on from a
-- position is one scan, and appending touches one b-tree.
CREATE TABLE IF NOT EXISTS event (
    conference TEXT    NOT NULL,
    pos        INTEGER NOT NULL,           -- dense, from 1
    at         INTEGER NOT NULL,           -- µs since 1970, never decreasing
    id         TEXT    NOT NULL,
    cause      TEXT    NOT NULL,           -- the command's id
    canonical  BLOB    NOT NULL,           -- the bytes the digest covers
    digest     TEXT    NOT NULL,
    hash       TEXT    NOT NULL,
    PRIMARY KEY (conference, pos)
) WITHOUT ROWID, STRICT;

-- Versions are counted from the events when a log is opened; they had a table once.
DROP TABLE IF EXISTS version;

-- Ciphertexts, apart from the events so that one can be deleted alone.
CREATE TABLE IF NOT EXISTS sealed (
    conference TEXT    NOT NULL,
    event      TEXT    NOT NULL,           -- event.id
    field      TEXT    NOT NULL,
    ciphertext BLOB    NOT NULL,
    PRIMARY KEY (conference, event, field)
) WITHOUT ROWID, STRICT;
