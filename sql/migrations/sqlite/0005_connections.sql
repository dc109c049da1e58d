-- sensitive is a JSON list of paths that no filter in a URL may name; scopes are words with blanks between them. uses
-- counts the requests of a connection that needed a leniency.
ALTER TABLE connections ADD COLUMN sensitive TEXT NOT NULL DEFAULT '[]';

ALTER TABLE tokens ADD COLUMN scopes TEXT NOT NULL DEFAULT 'read write';

CREATE TABLE leniencies (
    organization TEXT    NOT NULL,
    connection   TEXT    NOT NULL,
    rule         TEXT    NOT NULL,
    uses         INTEGER NOT NULL,
    last_used_at INTEGER NOT NULL,
    PRIMARY KEY (organization, connection, rule)
) STRICT, WITHOUT ROWID;
