-- Whose tokens are taken in exchange for one of ours. audiences is a list of JSON: for whom they must be.
CREATE TABLE issuers (
    organization TEXT    NOT NULL,
    id           TEXT    NOT NULL,
    issuer       TEXT    NOT NULL,
    audiences    TEXT    NOT NULL,
    created_at   INTEGER NOT NULL,
    created_by   TEXT    NOT NULL,
    PRIMARY KEY (organization, id)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX issuers_issuer ON issuers (organization, issuer);

-- The issuer whose token was exchanged for this key; such keys end soon and are in no list.
ALTER TABLE api_keys ADD COLUMN issuer TEXT;

CREATE INDEX api_keys_issuer ON api_keys (organization, issuer, id) WHERE issuer IS NOT NULL;

INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('issuers', 'issuers', '100 100 1'),
    ('issuers', 'issuers_issuer', '100 100 1'),
    ('api_keys', 'api_keys_issuer', '1000 1000 100 1');
ANALYZE sqlite_schema;
