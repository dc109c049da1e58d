-- The organization behind the users: roles, seats, keys, what each team decides for itself, and a journal that says who.

-- settings is a JSON object of what admins decided; what it does not name has its default.
ALTER TABLE organizations ADD COLUMN settings TEXT COLLATE "C" NOT NULL DEFAULT '{}';

-- account_type is 'user', 'service' or 'org_service'; only the first are people, and SCIM's. handle is the short name
-- that products use, '' until the row in handles is made. team is a person's default team, or a service account's own.
ALTER TABLE users ADD COLUMN organization_role TEXT COLLATE "C" NOT NULL DEFAULT 'member';
ALTER TABLE users ADD COLUMN seat TEXT COLLATE "C" NOT NULL DEFAULT 'full';
ALTER TABLE users ADD COLUMN account_type TEXT COLLATE "C" NOT NULL DEFAULT 'user';
ALTER TABLE users ADD COLUMN handle TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE users ADD COLUMN team TEXT COLLATE "C";

CREATE INDEX users_people ON users (organization, id) WHERE account_type = 'user';
CREATE INDEX users_service ON users (organization, id) WHERE account_type <> 'user';
CREATE INDEX users_admins ON users (organization, id) WHERE organization_role = 'admin';

-- Everybody who was there is a member with a full seat. The extension ends the text, so that what is derived of it can
-- be added there.
UPDATE users
   SET resource = substr(resource, 1, strpos(resource, '"],"id":"'))
                  || ',"urn:roster:scim:schemas:extension:organization:1.0:User'
                  || substr(resource, strpos(resource, '"],"id":"'), length(resource) - strpos(resource, '"],"id":"'))
                  || ',"urn:roster:scim:schemas:extension:organization:1.0:User":{"organizationRole":"member","seat":"full","accountType":"user","source":"scim"}}',
       handle = 'user-' || id;

INSERT INTO counters (organization, name, lane, value)
SELECT organization, 'seats.full', 0, count(*) FROM users WHERE active GROUP BY organization;

-- Each handle belongs to one user for ever, also after the user is gone.
CREATE TABLE handles (
    organization TEXT COLLATE "C" NOT NULL,
    handle       TEXT COLLATE "C" NOT NULL,
    owner         TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (organization, handle)
);

INSERT INTO handles (organization, handle, owner) SELECT organization, handle, id FROM users;

-- When a person or service account was last seen, and on how many days. It changes often, and the user does not.
CREATE TABLE activity (
    organization   TEXT COLLATE "C" NOT NULL,
    owner           TEXT COLLATE "C" NOT NULL,
    last_active_at BIGINT NOT NULL,
    days           BIGINT NOT NULL,
    PRIMARY KEY (organization, owner)
);

-- role is 'admin', 'member', 'viewer' or a custom role's id; origin says who decided it: 'scim', 'invite', 'admin' or
-- 'claim'.
ALTER TABLE memberships ADD COLUMN role TEXT COLLATE "C" NOT NULL DEFAULT 'member';
ALTER TABLE memberships ADD COLUMN origin TEXT COLLATE "C" NOT NULL DEFAULT 'scim';

CREATE INDEX memberships_role ON memberships (organization, role, team, member)
 WHERE role NOT IN ('admin', 'member', 'viewer');

-- default_role is what SCIM's new members become. settings is a JSON object, as an organization's.
ALTER TABLE teams ADD COLUMN default_role TEXT COLLATE "C" NOT NULL DEFAULT 'member';
ALTER TABLE teams ADD COLUMN settings TEXT COLLATE "C" NOT NULL DEFAULT '{}';

CREATE INDEX teams_default_role ON teams (organization, default_role)
 WHERE default_role NOT IN ('admin', 'member', 'viewer');
CREATE INDEX teams_archived ON teams (organization, archived_at) WHERE archived_at IS NOT NULL;

-- The names that a team had before: links to it still lead there while no other team takes the name.
CREATE TABLE team_aliases (
    organization TEXT COLLATE "C" NOT NULL,
    name_key     TEXT COLLATE "C" NOT NULL,
    team         TEXT COLLATE "C" NOT NULL,
    created_at   BIGINT NOT NULL,
    PRIMARY KEY (organization, name_key)
);

-- Custom roles. resource holds the permissions that were added; what a role inherits is put beside them in answers.
CREATE TABLE roles (
    organization TEXT COLLATE "C" NOT NULL,
    id           TEXT COLLATE "C" NOT NULL,
    name_key     TEXT COLLATE "C" NOT NULL,
    name         TEXT COLLATE "C" NOT NULL,
    version      BIGINT NOT NULL,
    created_at   BIGINT NOT NULL,
    modified_at  BIGINT NOT NULL,
    resource     TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (organization, id)
);

CREATE UNIQUE INDEX "roles.name_key" ON roles (organization, name_key);

-- Keys of users and service accounts. scopes are words with blanks between them; the empty text is everything the owner
-- may do.
CREATE TABLE api_keys (
    organization TEXT COLLATE "C" NOT NULL,
    id           TEXT COLLATE "C" NOT NULL,
    owner        TEXT COLLATE "C" NOT NULL,
    name         TEXT COLLATE "C" NOT NULL,
    digest       BYTEA            NOT NULL,
    scopes       TEXT COLLATE "C" NOT NULL,
    created_at   BIGINT NOT NULL,
    created_by   TEXT COLLATE "C" NOT NULL,
    expires_at   BIGINT,
    last_used_at BIGINT,
    revoked_at   BIGINT,
    PRIMARY KEY (organization, id),
    CONSTRAINT "api_keys.digest" UNIQUE (digest)
);

CREATE INDEX api_keys_owner ON api_keys (organization, owner, id) WHERE revoked_at IS NULL;

CREATE TABLE passwords (
    organization TEXT COLLATE "C" NOT NULL,
    owner         TEXT COLLATE "C" NOT NULL,
    hash         TEXT COLLATE "C" NOT NULL,
    changed_at   BIGINT NOT NULL,
    must_change  BOOLEAN NOT NULL,
    PRIMARY KEY (organization, owner)
);

-- actor_type says what kind of id actor is; credential is the key or token that was used; address is where the request
-- came from. A sealer gives each event its position in the chain, and the hash of it and all before it.
ALTER TABLE events ADD COLUMN actor_type TEXT COLLATE "C" NOT NULL DEFAULT 'connection';
ALTER TABLE events ADD COLUMN credential TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE events ADD COLUMN address TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE events ADD COLUMN position BIGINT;
ALTER TABLE events ADD COLUMN hash TEXT COLLATE "C";

UPDATE events SET actor_type = 'operator' WHERE actor = 'command';

CREATE INDEX events_unsealed ON events (organization, id) WHERE position IS NULL;
CREATE UNIQUE INDEX "events.position" ON events (organization, position) WHERE position IS NOT NULL;

-- The head of each organization's chain, and where what is still kept of it begins.
CREATE TABLE chains (
    organization TEXT COLLATE "C" NOT NULL,
    position     BIGINT NOT NULL,
    hash         TEXT COLLATE "C" NOT NULL,
    first        BIGINT NOT NULL,
    before_first TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (organization)
);

-- Answers to requests that named an idempotency key, without what is shown once.
CREATE TABLE idempotency (
    organization TEXT COLLATE "C" NOT NULL,
    actor        TEXT COLLATE "C" NOT NULL,
    route        TEXT COLLATE "C" NOT NULL,
    key          TEXT COLLATE "C" NOT NULL,
    body         TEXT COLLATE "C" NOT NULL,
    answer       TEXT COLLATE "C" NOT NULL,
    created_at   BIGINT NOT NULL,
    PRIMARY KEY (organization, actor, route, key)
);

CREATE INDEX idempotency_age ON idempotency (organization, created_at);
