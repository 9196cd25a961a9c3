-- Smaller buckets: each commit writes to nearly all pages of the newest one.
CREATE TABLE lookup_new (
    bucket  INTEGER NOT NULL,
    hash    INTEGER NOT NULL,
    message INTEGER NOT NULL,
    PRIMARY KEY (bucket, hash, message)
) STRICT, WITHOUT ROWID;
INSERT INTO lookup_new SELECT message >> 8, hash, message FROM lookup ORDER BY 1, 2, 3;
DROP TABLE lookup;
ALTER TABLE lookup_new RENAME TO lookup;

-- Small contents lie here, and their messages have segment 0: one sync then makes rows and content durable. record: as in a segment file.
CREATE TABLE contents (
    message INTEGER PRIMARY KEY,
    record  BLOB NOT NULL
) STRICT;

DROP INDEX messages_by_segment;
CREATE INDEX messages_by_segment ON messages (segment) WHERE segment > 0;
