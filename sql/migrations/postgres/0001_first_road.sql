-- The same tables as on SQLite. Times are microseconds since 1970. Texts compare by their bytes (COLLATE "C"), as
-- they do there; keys ending in _key are folded in Rust. The organization comes first in every key. What is
-- unique bears the name that the error shows: "table.column".
--
-- Only rows that are rarely written point to organizations: a foreign key would make every new user and team lock
-- the one row of its organization.

CREATE TABLE organizations (
    id         TEXT COLLATE "C" NOT NULL,
    slug       TEXT COLLATE "C" NOT NULL,
    name       TEXT COLLATE "C" NOT NULL,
    created_at BIGINT           NOT NULL,
    PRIMARY KEY (id),
    CONSTRAINT "organizations.slug" UNIQUE (slug)
);

CREATE TABLE connections (
    organization TEXT COLLATE "C" NOT NULL REFERENCES organizations (id),
    id           TEXT COLLATE "C" NOT NULL,
    name         TEXT COLLATE "C" NOT NULL,
    name_key     TEXT COLLATE "C" NOT NULL,
    profile      TEXT COLLATE "C" NOT NULL,
    created_at   BIGINT           NOT NULL,
    revoked_at   BIGINT,
    PRIMARY KEY (organization, id)
);

CREATE UNIQUE INDEX "connections.name_key" ON connections (organization, name_key) WHERE revoked_at IS NULL;

-- A credential names its organization, so its digest is looked up alone.
CREATE TABLE tokens (
    organization TEXT COLLATE "C" NOT NULL,
    id           TEXT COLLATE "C" NOT NULL,
    connection   TEXT COLLATE "C" NOT NULL,
    digest       BYTEA            NOT NULL,
    origin       TEXT COLLATE "C" NOT NULL,
    created_at   BIGINT           NOT NULL,
    expires_at   BIGINT,
    revoked_at   BIGINT,
    last_used_at BIGINT,
    PRIMARY KEY (organization, id),
    CONSTRAINT "tokens.digest" UNIQUE (digest),
    FOREIGN KEY (organization, connection) REFERENCES connections (organization, id)
);

-- resource holds the rest of the user as it is answered, without what is derived (groups, meta, the
-- manager's name). display is the name that other resources show of the user, where there is one.
CREATE TABLE users (
    organization  TEXT COLLATE "C" NOT NULL,
    id            TEXT COLLATE "C" NOT NULL,
    user_name_key TEXT COLLATE "C" NOT NULL,
    display       TEXT COLLATE "C",
    active        BOOLEAN          NOT NULL,
    manager       TEXT COLLATE "C",
    version       BIGINT           NOT NULL,
    created_at    BIGINT           NOT NULL,
    modified_at   BIGINT           NOT NULL,
    resource      TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (organization, id)
);

CREATE UNIQUE INDEX "users.user_name_key" ON users (organization, user_name_key);

CREATE INDEX users_manager ON users (organization, manager, id) WHERE manager IS NOT NULL;

-- A SCIM Group is a team. members counts its rows in memberships.
CREATE TABLE teams (
    organization     TEXT COLLATE "C" NOT NULL,
    id               TEXT COLLATE "C" NOT NULL,
    display_name_key TEXT COLLATE "C" NOT NULL,
    display          TEXT COLLATE "C" NOT NULL,
    members          BIGINT           NOT NULL,
    version          BIGINT           NOT NULL,
    created_at       BIGINT           NOT NULL,
    modified_at      BIGINT           NOT NULL,
    archived_at      BIGINT,
    resource         TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (organization, id)
);

CREATE UNIQUE INDEX "teams.display_name_key" ON teams (organization, display_name_key) WHERE archived_at IS NULL;

CREATE INDEX teams_live ON teams (organization, id) WHERE archived_at IS NULL;

-- member is a user's or a team's id, by member_type. position keeps the order of joining.
CREATE TABLE memberships (
    organization TEXT COLLATE "C" NOT NULL,
    team         TEXT COLLATE "C" NOT NULL,
    member       TEXT COLLATE "C" NOT NULL,
    member_type  TEXT COLLATE "C" NOT NULL,
    position     BIGINT           NOT NULL,
    connection   TEXT COLLATE "C",
    PRIMARY KEY (organization, team, member),
    FOREIGN KEY (organization, team) REFERENCES teams (organization, id)
);

CREATE INDEX memberships_member ON memberships (organization, member, team);

-- Teams in teams are few among members that are many.
CREATE INDEX memberships_nested ON memberships (organization, team, member) WHERE member_type = 'Group';

-- The folded values of the attributes that identity providers search.
CREATE TABLE attribute_index (
    organization  TEXT COLLATE "C" NOT NULL,
    resource_type TEXT COLLATE "C" NOT NULL,
    attribute     TEXT COLLATE "C" NOT NULL,
    key           TEXT COLLATE "C" NOT NULL,
    resource      TEXT COLLATE "C" NOT NULL,
    element       BIGINT           NOT NULL,
    PRIMARY KEY (organization, resource_type, attribute, key, resource, element)
);

CREATE TABLE counters (
    organization TEXT COLLATE "C" NOT NULL,
    name         TEXT COLLATE "C" NOT NULL,
    value        BIGINT           NOT NULL,
    PRIMARY KEY (organization, name)
);

CREATE TABLE tombstones (
    organization  TEXT COLLATE "C" NOT NULL,
    id            TEXT COLLATE "C" NOT NULL,
    resource_type TEXT COLLATE "C" NOT NULL,
    display       TEXT COLLATE "C" NOT NULL,
    handle        TEXT COLLATE "C" NOT NULL,
    removed_at    BIGINT           NOT NULL,
    PRIMARY KEY (organization, id)
);

CREATE TABLE events (
    organization  TEXT COLLATE "C" NOT NULL,
    id            TEXT COLLATE "C" NOT NULL,
    at            BIGINT           NOT NULL,
    actor         TEXT COLLATE "C" NOT NULL,
    request       TEXT COLLATE "C" NOT NULL,
    kind          TEXT COLLATE "C" NOT NULL,
    resource_type TEXT COLLATE "C" NOT NULL,
    resource      TEXT COLLATE "C" NOT NULL,
    detail        TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (organization, id)
);
