-- Moments are nanoseconds since 1970-01-01T00:00:00Z. Identifiers of messages are 16 octets, big-endian.

-- n grows and is never used twice: the other tables refer to it because it is short.
CREATE TABLE messages (
    n            INTEGER PRIMARY KEY AUTOINCREMENT,
    id           BLOB    NOT NULL UNIQUE,
    accepted_at  INTEGER NOT NULL,
    origin       TEXT    NOT NULL,
    domain       TEXT    NOT NULL,
    reverse_path TEXT    NOT NULL,
    parameters   TEXT,
    summary      TEXT    NOT NULL,
    verdicts     TEXT,
    recipients   INTEGER NOT NULL,
    segment      INTEGER NOT NULL,
    start        INTEGER NOT NULL,
    length       INTEGER NOT NULL
) STRICT;
CREATE INDEX messages_without_recipients ON messages (accepted_at) WHERE recipients = 0;
CREATE INDEX messages_by_segment ON messages (segment);

-- state: 0 queued, 1 held, 2 delivered, 3 failed.
CREATE TABLE recipients (
    message     INTEGER NOT NULL,
    place       INTEGER NOT NULL,
    address     TEXT    NOT NULL,
    path        TEXT,
    next_hop    TEXT    NOT NULL,
    state       INTEGER NOT NULL,
    due         INTEGER NOT NULL,
    expires     INTEGER NOT NULL,
    attempts    INTEGER NOT NULL DEFAULT 0,
    last_status TEXT,
    PRIMARY KEY (message, place)
) STRICT, WITHOUT ROWID;
CREATE INDEX recipients_by_due ON recipients (state, due);

-- Finds messages by Message-ID and by recipient. Hashes are spread over an index at random; in buckets of neighbouring messages
-- only the newest bucket is ever written to, so that a commit touches few pages however much mail is kept.
CREATE TABLE lookup (
    bucket  INTEGER NOT NULL,
    hash    INTEGER NOT NULL,
    message INTEGER NOT NULL,
    PRIMARY KEY (bucket, hash, message)
) STRICT, WITHOUT ROWID;

CREATE TABLE attempts (
    n          INTEGER PRIMARY KEY AUTOINCREMENT,
    message    INTEGER NOT NULL,
    at         INTEGER NOT NULL,
    recipients TEXT    NOT NULL,
    record     TEXT    NOT NULL
) STRICT;
CREATE INDEX attempts_by_message ON attempts (message);

CREATE TABLE events (
    seq       INTEGER PRIMARY KEY AUTOINCREMENT,
    kind      INTEGER NOT NULL,
    at        INTEGER NOT NULL,
    domain    TEXT    NOT NULL,
    message   BLOB,
    recipient TEXT,
    data      TEXT    NOT NULL
) STRICT;
CREATE INDEX events_by_domain ON events (domain);
CREATE INDEX events_by_message ON events (message) WHERE message IS NOT NULL;

-- The earliest and the latest moment among neighbouring events (1024 by number), so that a question about a time
-- looks only at those that can answer it. Much smaller than an index by time.
CREATE TABLE event_spans (
    block    INTEGER PRIMARY KEY,
    earliest INTEGER NOT NULL,
    latest   INTEGER NOT NULL
) STRICT;

CREATE TABLE mailboxes (
    n        INTEGER PRIMARY KEY,
    owner    TEXT    NOT NULL,
    name     TEXT    NOT NULL,
    next_uid INTEGER NOT NULL,
    messages INTEGER NOT NULL,
    UNIQUE (owner, name)
) STRICT;
CREATE TABLE copies (
    mailbox INTEGER NOT NULL,
    uid     INTEGER NOT NULL,
    message INTEGER NOT NULL,
    seen    INTEGER NOT NULL,
    PRIMARY KEY (mailbox, uid)
) STRICT, WITHOUT ROWID;
CREATE INDEX copies_by_message ON copies (message);

CREATE TABLE plain (
    kind  INTEGER NOT NULL,
    key   TEXT    NOT NULL,
    value TEXT    NOT NULL,
    PRIMARY KEY (kind, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE leases (
    shard INTEGER PRIMARY KEY,
    owner TEXT    NOT NULL,
    epoch INTEGER NOT NULL,
    until INTEGER NOT NULL
) STRICT;

-- bytes: how far the rows refer into the file, its header included. live, live_bytes: records that a message refers to.
CREATE TABLE segments (
    number     INTEGER PRIMARY KEY,
    bytes      INTEGER NOT NULL,
    live       INTEGER NOT NULL,
    live_bytes INTEGER NOT NULL
) STRICT;
