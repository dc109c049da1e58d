-- Who is signed in where. digest is the SHA-256 of what the cookie holds; way says how the person proved who they are, provider
-- and provider_session where that was elsewhere; authenticated_at is when they last did.
CREATE TABLE sessions (
    organization     TEXT COLLATE "C" NOT NULL,
    id               TEXT COLLATE "C" NOT NULL,
    digest           BYTEA            NOT NULL,
    person           TEXT COLLATE "C" NOT NULL,
    way              TEXT COLLATE "C" NOT NULL,
    provider         TEXT COLLATE "C",
    provider_session TEXT COLLATE "C",
    created_at       BIGINT           NOT NULL,
    authenticated_at BIGINT           NOT NULL,
    seen_at          BIGINT           NOT NULL,
    expires_at       BIGINT           NOT NULL,
    address          TEXT COLLATE "C" NOT NULL,
    agent            TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (organization, id)
);

CREATE UNIQUE INDEX "sessions.digest" ON sessions (digest);

CREATE INDEX sessions_person ON sessions (organization, person, id);

CREATE INDEX sessions_provider_session ON sessions (organization, provider, provider_session) WHERE provider IS NOT NULL;

CREATE INDEX sessions_expires_at ON sessions (expires_at);

-- Links that work once: to make the first admin, and to choose another password. digest is of the token at the end.
CREATE TABLE links (
    digest       BYTEA            NOT NULL,
    organization TEXT COLLATE "C" NOT NULL,
    kind         TEXT COLLATE "C" NOT NULL,
    person       TEXT COLLATE "C" NOT NULL,
    expires_at   BIGINT           NOT NULL,
    PRIMARY KEY (organization, digest)
);

CREATE UNIQUE INDEX "links.digest" ON links (digest);

CREATE INDEX links_person ON links (organization, kind, person);

CREATE INDEX links_expires_at ON links (expires_at);

-- What somebody's app makes codes of. step is the last 30 seconds whose code was taken; each counts once.
CREATE TABLE second_factors (
    organization TEXT COLLATE "C" NOT NULL,
    person       TEXT COLLATE "C" NOT NULL,
    secret       BYTEA            NOT NULL,
    created_at   BIGINT           NOT NULL,
    step         BIGINT           NOT NULL,
    PRIMARY KEY (organization, person)
);

-- What counts once in place of such a code.
CREATE TABLE recovery_codes (
    organization TEXT COLLATE "C" NOT NULL,
    person       TEXT COLLATE "C" NOT NULL,
    digest       BYTEA            NOT NULL,
    PRIMARY KEY (organization, person, digest)
);

-- Who people are elsewhere: what a provider calls them, which never changes. state is 'linked'; 'asked' where an admin is to
-- decide whether it is that person, or 'refused' where one did.
CREATE TABLE identities (
    organization TEXT COLLATE "C" NOT NULL,
    provider     TEXT COLLATE "C" NOT NULL,
    subject      TEXT COLLATE "C" NOT NULL,
    person       TEXT COLLATE "C" NOT NULL,
    state        TEXT COLLATE "C" NOT NULL,
    created_at   BIGINT           NOT NULL,
    used_at      BIGINT           NOT NULL,
    PRIMARY KEY (organization, provider, subject)
);

CREATE INDEX identities_person ON identities (organization, person);

CREATE INDEX identities_asked ON identities (organization, created_at) WHERE state <> 'linked';

-- Where else people sign in. settings is a JSON object, which never holds the secret.
CREATE TABLE providers (
    organization TEXT COLLATE "C" NOT NULL,
    id           TEXT COLLATE "C" NOT NULL,
    name         TEXT COLLATE "C" NOT NULL,
    name_key     TEXT COLLATE "C" NOT NULL,
    settings     TEXT COLLATE "C" NOT NULL,
    secret       TEXT COLLATE "C",
    created_at   BIGINT           NOT NULL,
    created_by   TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (organization, id)
);

CREATE UNIQUE INDEX "providers.name_key" ON providers (organization, name_key);

-- The connection that an issuer's own tokens speak for, without exchange, and whose tokens those are, as a list of JSON.
ALTER TABLE issuers ADD COLUMN connection TEXT COLLATE "C";
ALTER TABLE issuers ADD COLUMN clients TEXT COLLATE "C" NOT NULL DEFAULT '[]';
