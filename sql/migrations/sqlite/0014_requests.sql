-- What identity providers, and keys over SCIM, asked and heard. took is in microseconds. rules is a list of JSON: the leniencies
-- that were needed; headers an object of JSON: those that matter to what is done. body is JSON without secrets; NULL where there
-- was none or it was not kept.
CREATE TABLE requests (
    organization  TEXT    NOT NULL,
    id            TEXT    NOT NULL,
    connection    TEXT    NOT NULL,
    actor_type    TEXT    NOT NULL,
    actor         TEXT    NOT NULL,
    credential    TEXT    NOT NULL,
    at            INTEGER NOT NULL,
    took          INTEGER NOT NULL,
    method        TEXT    NOT NULL,
    path          TEXT    NOT NULL,
    headers       TEXT    NOT NULL,
    status        INTEGER NOT NULL,
    outcome       TEXT    NOT NULL,
    scim_type     TEXT    NOT NULL,
    detail        TEXT    NOT NULL,
    rules         TEXT    NOT NULL,
    resource_type TEXT    NOT NULL,
    resource      TEXT    NOT NULL,
    body          TEXT,
    body_bytes    INTEGER NOT NULL,
    PRIMARY KEY (organization, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX requests_connection ON requests (organization, connection, id);

INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('requests', 'requests', '20000 20000 1'),
    ('requests', 'requests_connection', '20000 20000 5000 1');
ANALYZE sqlite_schema;
