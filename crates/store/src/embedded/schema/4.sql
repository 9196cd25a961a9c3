-- From where the submitter wants a message to leave: `pool NAME` or `address IP`, NULL for what is usual.
ALTER TABLE recipients ADD COLUMN leaves_from TEXT;

DROP INDEX recipients_waiting;
CREATE INDEX recipients_waiting ON recipients (
    state, due, id, place, next_hop, domain, priority, account, sender_domain, tags, leaves_from, attempts, accepted_at
) WHERE state < 2;
