-- sensitive is a JSON list of paths that no filter in a URL may name; scopes are words with blanks between them. uses
-- counts the requests of a connection that needed a leniency.
ALTER TABLE connections ADD COLUMN sensitive TEXT COLLATE "C" NOT NULL DEFAULT '[]';

ALTER TABLE tokens ADD COLUMN scopes TEXT COLLATE "C" NOT NULL DEFAULT 'read write';

CREATE TABLE leniencies (
    organization TEXT COLLATE "C" NOT NULL,
    connection   TEXT COLLATE "C" NOT NULL,
    rule         TEXT COLLATE "C" NOT NULL,
    uses         BIGINT           NOT NULL,
    last_used_at BIGINT           NOT NULL,
    PRIMARY KEY (organization, connection, rule)
);
