-- What schedule, gates and filters ask of a recipient stands in its own row, so that one index over those that wait answers them
-- without looking at messages: id and accepted_at are those of the message.
-- priority: 0 transactional, 1 normal, 2 bulk. tags: a JSON array, NULL for none. domain: the recipient's, NULL when it is the next hop.
CREATE TABLE recipients_new (
    message       INTEGER NOT NULL,
    place         INTEGER NOT NULL,
    id            BLOB    NOT NULL,
    address       TEXT    NOT NULL,
    path          TEXT,
    domain        TEXT,
    next_hop      TEXT    NOT NULL,
    state         INTEGER NOT NULL,
    due           INTEGER NOT NULL,
    expires       INTEGER NOT NULL,
    accepted_at   INTEGER NOT NULL,
    attempts      INTEGER NOT NULL DEFAULT 0,
    priority      INTEGER NOT NULL,
    account       TEXT,
    sender_domain TEXT    NOT NULL,
    tags          TEXT,
    hold_reason   TEXT,
    last_status   TEXT,
    PRIMARY KEY (message, place)
) STRICT, WITHOUT ROWID;

INSERT INTO recipients_new (message, place, id, address, path, next_hop, state, due, expires, accepted_at, attempts,
                            priority, account, sender_domain, tags, last_status)
SELECT r.message, r.place, m.id, r.address, r.path, r.next_hop, r.state, r.due, r.expires, m.accepted_at, r.attempts,
       1, m.origin ->> '$.account', m.domain, nullif(m.summary -> '$.tags', '[]'), r.last_status
FROM recipients r JOIN messages m ON m.n = r.message
ORDER BY r.message, r.place;

DROP TABLE recipients;
ALTER TABLE recipients_new RENAME TO recipients;

-- Rows that wait, in the order in which they are due, with all that a filter asks for.
CREATE INDEX recipients_waiting ON recipients (
    state, due, id, place, next_hop, domain, priority, account, sender_domain, tags, attempts, accepted_at
) WHERE state < 2;
-- Rows that have finished, for purges.
CREATE INDEX recipients_finished ON recipients (state, due) WHERE state >= 2;
