-- The organization behind the users: roles, seats, keys, what each team decides for itself, and a journal that says who.

-- settings is a JSON object of what admins decided; what it does not name has its default.
ALTER TABLE organizations ADD COLUMN settings TEXT NOT NULL DEFAULT '{}';

-- account_type is 'user', 'service' or 'org_service'; only the first are people, and SCIM's. handle is the short name
-- that products use, '' until the row in handles is made. team is a person's default team, or a service account's own.
ALTER TABLE users ADD COLUMN organization_role TEXT NOT NULL DEFAULT 'member';
ALTER TABLE users ADD COLUMN seat TEXT NOT NULL DEFAULT 'full';
ALTER TABLE users ADD COLUMN account_type TEXT NOT NULL DEFAULT 'user';
ALTER TABLE users ADD COLUMN handle TEXT NOT NULL DEFAULT '';
ALTER TABLE users ADD COLUMN team TEXT;

CREATE INDEX users_people ON users (organization, id) WHERE account_type = 'user';
CREATE INDEX users_service ON users (organization, id) WHERE account_type <> 'user';
CREATE INDEX users_admins ON users (organization, id) WHERE organization_role = 'admin';

-- Everybody who was there is a member with a full seat. The extension ends the text, so that what is derived of it can
-- be added there.
UPDATE users
   SET resource = substr(resource, 1, instr(resource, '"],"id":"'))
                  || ',"urn:roster:scim:schemas:extension:organization:1.0:User'
                  || substr(resource, instr(resource, '"],"id":"'), length(resource) - instr(resource, '"],"id":"'))
                  || ',"urn:roster:scim:schemas:extension:organization:1.0:User":{"organizationRole":"member","seat":"full","accountType":"user","source":"scim"}}',
       handle = 'user-' || id;

INSERT INTO counters (organization, name, lane, value)
SELECT organization, 'seats.full', 0, count(*) FROM users WHERE active GROUP BY organization;

-- Each handle belongs to one user for ever, also after the user is gone.
CREATE TABLE handles (
    organization TEXT NOT NULL,
    handle       TEXT NOT NULL,
    owner        TEXT NOT NULL,
    PRIMARY KEY (organization, handle)
) STRICT, WITHOUT ROWID;

INSERT INTO handles (organization, handle, owner) SELECT organization, handle, id FROM users;

-- When a person or service account was last seen, and on how many days. It changes often, and the user does not.
CREATE TABLE activity (
    organization   TEXT    NOT NULL,
    owner          TEXT    NOT NULL,
    last_active_at INTEGER NOT NULL,
    days           INTEGER NOT NULL,
    PRIMARY KEY (organization, owner)
) STRICT, WITHOUT ROWID;

-- role is 'admin', 'member', 'viewer' or a custom role's id; origin says who decided it: 'scim', 'invite', 'admin' or
-- 'claim'.
ALTER TABLE memberships ADD COLUMN role TEXT NOT NULL DEFAULT 'member';
ALTER TABLE memberships ADD COLUMN origin TEXT NOT NULL DEFAULT 'scim';

CREATE INDEX memberships_role ON memberships (organization, role, team, member)
 WHERE role NOT IN ('admin', 'member', 'viewer');

-- default_role is what SCIM's new members become. settings is a JSON object, as an organization's.
ALTER TABLE teams ADD COLUMN default_role TEXT NOT NULL DEFAULT 'member';
ALTER TABLE teams ADD COLUMN settings TEXT NOT NULL DEFAULT '{}';

CREATE INDEX teams_default_role ON teams (organization, default_role)
 WHERE default_role NOT IN ('admin', 'member', 'viewer');
CREATE INDEX teams_archived ON teams (organization, archived_at) WHERE archived_at IS NOT NULL;

-- The names that a team had before: links to it still lead there while no other team takes the name.
CREATE TABLE team_aliases (
    organization TEXT    NOT NULL,
    name_key     TEXT    NOT NULL,
    team         TEXT    NOT NULL,
    created_at   INTEGER NOT NULL,
    PRIMARY KEY (organization, name_key)
) STRICT, WITHOUT ROWID;

-- Custom roles. resource holds the permissions that were added; what a role inherits is put beside them in answers.
CREATE TABLE roles (
    organization TEXT    NOT NULL,
    id           TEXT    NOT NULL,
    name_key     TEXT    NOT NULL,
    name         TEXT    NOT NULL,
    version      INTEGER NOT NULL,
    created_at   INTEGER NOT NULL,
    modified_at  INTEGER NOT NULL,
    resource     TEXT    NOT NULL,
    PRIMARY KEY (organization, id)
) STRICT;

CREATE UNIQUE INDEX roles_name_key ON roles (organization, name_key);

-- Keys of users and service accounts. scopes are words with blanks between them; the empty text is everything the owner
-- may do.
CREATE TABLE api_keys (
    organization TEXT    NOT NULL,
    id           TEXT    NOT NULL,
    owner        TEXT    NOT NULL,
    name         TEXT    NOT NULL,
    digest       BLOB    NOT NULL UNIQUE,
    scopes       TEXT    NOT NULL,
    created_at   INTEGER NOT NULL,
    created_by   TEXT    NOT NULL,
    expires_at   INTEGER,
    last_used_at INTEGER,
    revoked_at   INTEGER,
    PRIMARY KEY (organization, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX api_keys_owner ON api_keys (organization, owner, id) WHERE revoked_at IS NULL;

CREATE TABLE passwords (
    organization TEXT    NOT NULL,
    owner        TEXT    NOT NULL,
    hash         TEXT    NOT NULL,
    changed_at   INTEGER NOT NULL,
    must_change  INTEGER NOT NULL,
    PRIMARY KEY (organization, owner)
) STRICT, WITHOUT ROWID;

-- actor_type says what kind of id actor is; credential is the key or token that was used; address is where the request
-- came from. A sealer gives each event its position in the chain, and the hash of it and all before it.
ALTER TABLE events ADD COLUMN actor_type TEXT NOT NULL DEFAULT 'connection';
ALTER TABLE events ADD COLUMN credential TEXT NOT NULL DEFAULT '';
ALTER TABLE events ADD COLUMN address TEXT NOT NULL DEFAULT '';
ALTER TABLE events ADD COLUMN position INTEGER;
ALTER TABLE events ADD COLUMN hash TEXT;

UPDATE events SET actor_type = 'operator' WHERE actor = 'command';

CREATE INDEX events_unsealed ON events (organization, id) WHERE position IS NULL;
CREATE UNIQUE INDEX events_position ON events (organization, position) WHERE position IS NOT NULL;

-- The head of each organization's chain, and where what is still kept of it begins.
CREATE TABLE chains (
    organization TEXT    NOT NULL,
    position     INTEGER NOT NULL,
    hash         TEXT    NOT NULL,
    first        INTEGER NOT NULL,
    before_first TEXT    NOT NULL,
    PRIMARY KEY (organization)
) STRICT, WITHOUT ROWID;

-- Answers to requests that named an idempotency key, without what is shown once.
CREATE TABLE idempotency (
    organization TEXT    NOT NULL,
    actor        TEXT    NOT NULL,
    route        TEXT    NOT NULL,
    key          TEXT    NOT NULL,
    body         TEXT    NOT NULL,
    answer       TEXT    NOT NULL,
    created_at   INTEGER NOT NULL,
    PRIMARY KEY (organization, actor, route, key)
) STRICT, WITHOUT ROWID;

CREATE INDEX idempotency_age ON idempotency (organization, created_at);

INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('users', 'users_people', '1000000 1000000 1'),
    ('users', 'users_service', '1000 1000 1'),
    ('users', 'users_admins', '100 100 1'),
    ('memberships', 'memberships_role', '10000 10000 100 10 1'),
    ('api_keys', 'api_keys_owner', '100000 100000 5 1'),
    ('api_keys', 'api_keys', '100000 100000 1'),
    ('events', 'events_unsealed', '100 100 1'),
    ('events', 'events_position', '10000000 10000000 1'),
    ('events', 'events', '10000000 10000000 1');
ANALYZE sqlite_schema;
