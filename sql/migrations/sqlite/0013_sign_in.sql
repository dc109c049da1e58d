-- Who is signed in where. digest is the SHA-256 of what the cookie holds; way says how the person proved who they are, provider
-- and provider_session where that was elsewhere; authenticated_at is when they last did.
CREATE TABLE sessions (
    organization     TEXT    NOT NULL,
    id               TEXT    NOT NULL,
    digest           BLOB    NOT NULL,
    person           TEXT    NOT NULL,
    way              TEXT    NOT NULL,
    provider         TEXT,
    provider_session TEXT,
    created_at       INTEGER NOT NULL,
    authenticated_at INTEGER NOT NULL,
    seen_at          INTEGER NOT NULL,
    expires_at       INTEGER NOT NULL,
    address          TEXT    NOT NULL,
    agent            TEXT    NOT NULL,
    PRIMARY KEY (organization, id)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX sessions_digest ON sessions (digest);

CREATE INDEX sessions_person ON sessions (organization, person, id);

CREATE INDEX sessions_provider_session ON sessions (organization, provider, provider_session) WHERE provider IS NOT NULL;

CREATE INDEX sessions_expires_at ON sessions (expires_at);

-- Links that work once: to make the first admin, and to choose another password. digest is of the token at the end.
CREATE TABLE links (
    digest       BLOB    NOT NULL,
    organization TEXT    NOT NULL,
    kind         TEXT    NOT NULL,
    person       TEXT    NOT NULL,
    expires_at   INTEGER NOT NULL,
    PRIMARY KEY (organization, digest)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX links_digest ON links (digest);

CREATE INDEX links_person ON links (organization, kind, person);

CREATE INDEX links_expires_at ON links (expires_at);

-- What somebody's app makes codes of. step is the last 30 seconds whose code was taken; each counts once.
CREATE TABLE second_factors (
    organization TEXT    NOT NULL,
    person       TEXT    NOT NULL,
    secret       BLOB    NOT NULL,
    created_at   INTEGER NOT NULL,
    step         INTEGER NOT NULL,
    PRIMARY KEY (organization, person)
) STRICT, WITHOUT ROWID;

-- What counts once in place of such a code.
CREATE TABLE recovery_codes (
    organization TEXT NOT NULL,
    person       TEXT NOT NULL,
    digest       BLOB NOT NULL,
    PRIMARY KEY (organization, person, digest)
) STRICT, WITHOUT ROWID;

-- Who people are elsewhere: what a provider calls them, which never changes. state is 'linked'; 'asked' where an admin is to
-- decide whether it is that person, or 'refused' where one did.
CREATE TABLE identities (
    organization TEXT    NOT NULL,
    provider     TEXT    NOT NULL,
    subject      TEXT    NOT NULL,
    person       TEXT    NOT NULL,
    state        TEXT    NOT NULL,
    created_at   INTEGER NOT NULL,
    used_at      INTEGER NOT NULL,
    PRIMARY KEY (organization, provider, subject)
) STRICT, WITHOUT ROWID;

CREATE INDEX identities_person ON identities (organization, person);

CREATE INDEX identities_asked ON identities (organization, created_at) WHERE state <> 'linked';

-- Where else people sign in. settings is a JSON object, which never holds the secret.
CREATE TABLE providers (
    organization TEXT    NOT NULL,
    id           TEXT    NOT NULL,
    name         TEXT    NOT NULL,
    name_key     TEXT    NOT NULL,
    settings     TEXT    NOT NULL,
    secret       TEXT,
    created_at   INTEGER NOT NULL,
    created_by   TEXT    NOT NULL,
    PRIMARY KEY (organization, id)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX providers_name_key ON providers (organization, name_key);

-- The connection that an issuer's own tokens speak for, without exchange, and whose tokens those are, as a list of JSON.
ALTER TABLE issuers ADD COLUMN connection TEXT;
ALTER TABLE issuers ADD COLUMN clients TEXT NOT NULL DEFAULT '[]';

INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('sessions', 'sessions', '10000 10000 1'),
    ('sessions', 'sessions_digest', '10000 1'),
    ('sessions', 'sessions_person', '10000 10000 2 1'),
    ('sessions', 'sessions_provider_session', '10000 10000 10000 2'),
    ('sessions', 'sessions_expires_at', '10000 1'),
    ('links', 'links', '100 100 1'),
    ('links', 'links_digest', '100 1'),
    ('links', 'links_person', '100 100 100 1'),
    ('links', 'links_expires_at', '100 1'),
    ('second_factors', 'second_factors', '10000 10000 1'),
    ('recovery_codes', 'recovery_codes', '100000 100000 10 1'),
    ('identities', 'identities', '10000 10000 10000 1'),
    ('identities', 'identities_person', '10000 10000 1'),
    ('identities', 'identities_asked', '10 10 1'),
    ('providers', 'providers', '10 10 1'),
    ('providers', 'providers_name_key', '10 10 1');
ANALYZE sqlite_schema;
