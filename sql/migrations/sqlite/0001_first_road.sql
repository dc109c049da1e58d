-- Times are microseconds since 1970. Keys ending in _key are folded in Rust; the database never folds.
-- The organization comes first in every key.

CREATE TABLE organizations (
    id         TEXT    NOT NULL PRIMARY KEY,
    slug       TEXT    NOT NULL UNIQUE,
    name       TEXT    NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE connections (
    organization TEXT    NOT NULL REFERENCES organizations (id),
    id           TEXT    NOT NULL,
    name         TEXT    NOT NULL,
    name_key     TEXT    NOT NULL,
    profile      TEXT    NOT NULL,
    created_at   INTEGER NOT NULL,
    revoked_at   INTEGER,
    PRIMARY KEY (organization, id)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX connections_name_key ON connections (organization, name_key) WHERE revoked_at IS NULL;

-- A credential names its organization, so its digest is looked up alone.
CREATE TABLE tokens (
    organization TEXT    NOT NULL,
    id           TEXT    NOT NULL,
    connection   TEXT    NOT NULL,
    digest       BLOB    NOT NULL UNIQUE,
    origin       TEXT    NOT NULL,
    created_at   INTEGER NOT NULL,
    expires_at   INTEGER,
    revoked_at   INTEGER,
    last_used_at INTEGER,
    PRIMARY KEY (organization, id),
    FOREIGN KEY (organization, connection) REFERENCES connections (organization, id)
) STRICT, WITHOUT ROWID;

-- resource holds the rest of the user as it is answered, without what is derived (groups, meta, the
-- manager's name). display is the name that other resources show of the user, where there is one.
CREATE TABLE users (
    organization  TEXT    NOT NULL REFERENCES organizations (id),
    id            TEXT    NOT NULL,
    user_name_key TEXT    NOT NULL,
    display       TEXT,
    active        INTEGER NOT NULL,
    manager       TEXT,
    version       INTEGER NOT NULL,
    created_at    INTEGER NOT NULL,
    modified_at   INTEGER NOT NULL,
    resource      TEXT    NOT NULL,
    PRIMARY KEY (organization, id)
) STRICT;

CREATE UNIQUE INDEX users_user_name_key ON users (organization, user_name_key);
CREATE INDEX users_manager ON users (organization, manager, id) WHERE manager IS NOT NULL;

-- A SCIM Group is a team. members counts its rows in memberships.
CREATE TABLE teams (
    organization     TEXT    NOT NULL REFERENCES organizations (id),
    id               TEXT    NOT NULL,
    display_name_key TEXT    NOT NULL,
    display          TEXT    NOT NULL,
    members          INTEGER NOT NULL,
    version          INTEGER NOT NULL,
    created_at       INTEGER NOT NULL,
    modified_at      INTEGER NOT NULL,
    archived_at      INTEGER,
    resource         TEXT    NOT NULL,
    PRIMARY KEY (organization, id)
) STRICT;

CREATE UNIQUE INDEX teams_display_name_key ON teams (organization, display_name_key) WHERE archived_at IS NULL;
CREATE INDEX teams_live ON teams (organization, id) WHERE archived_at IS NULL;

-- member is a user's or a team's id, by member_type. position keeps the order of joining.
CREATE TABLE memberships (
    organization TEXT    NOT NULL,
    team         TEXT    NOT NULL,
    member       TEXT    NOT NULL,
    member_type  TEXT    NOT NULL,
    position     INTEGER NOT NULL,
    connection   TEXT,
    PRIMARY KEY (organization, team, member),
    FOREIGN KEY (organization, team) REFERENCES teams (organization, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX memberships_member ON memberships (organization, member, team);
-- Teams in teams are few among members that are many.
CREATE INDEX memberships_nested ON memberships (organization, team, member) WHERE member_type = 'Group';

-- The folded values of the attributes that identity providers search.
CREATE TABLE attribute_index (
    organization  TEXT    NOT NULL,
    resource_type TEXT    NOT NULL,
    attribute     TEXT    NOT NULL,
    key           TEXT    NOT NULL,
    resource      TEXT    NOT NULL,
    element       INTEGER NOT NULL,
    PRIMARY KEY (organization, resource_type, attribute, key, resource, element)
) STRICT, WITHOUT ROWID;

CREATE TABLE counters (
    organization TEXT    NOT NULL,
    name         TEXT    NOT NULL,
    value        INTEGER NOT NULL,
    PRIMARY KEY (organization, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE tombstones (
    organization  TEXT    NOT NULL,
    id            TEXT    NOT NULL,
    resource_type TEXT    NOT NULL,
    display       TEXT    NOT NULL,
    handle        TEXT    NOT NULL,
    removed_at    INTEGER NOT NULL,
    PRIMARY KEY (organization, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE events (
    organization  TEXT    NOT NULL,
    id            TEXT    NOT NULL,
    at            INTEGER NOT NULL,
    actor         TEXT    NOT NULL,
    request       TEXT    NOT NULL,
    kind          TEXT    NOT NULL,
    resource_type TEXT    NOT NULL,
    resource      TEXT    NOT NULL,
    detail        TEXT    NOT NULL,
    PRIMARY KEY (organization, id)
) STRICT, WITHOUT ROWID;

-- Without figures the planner takes the first column of a key for selective, but an organization selects
-- nearly everything. These are written by hand, so that plans are the same on every file and never change:
-- rows in the table, then rows per value of the first column, of the first two, and so on.
ANALYZE;
DELETE FROM sqlite_stat1;
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('users', 'sqlite_autoindex_users_1', '1000000 1000000 1'),
    ('users', 'users_user_name_key', '1000000 1000000 1'),
    ('users', 'users_manager', '1000000 1000000 10 1'),
    ('teams', 'sqlite_autoindex_teams_1', '100000 100000 1'),
    ('teams', 'teams_display_name_key', '100000 100000 1'),
    ('teams', 'teams_live', '100000 100000 1'),
    ('memberships', 'memberships', '5000000 5000000 100 1'),
    ('memberships', 'memberships_member', '5000000 5000000 10 1'),
    ('memberships', 'memberships_nested', '1000 1000 5 1'),
    ('attribute_index', 'attribute_index', '5000000 5000000 5000000 1000000 2 1 1');
ANALYZE sqlite_schema;
