-- Which group, or which claim at sign-in, gives which role. source is 'group', of a team's id, or 'claim', of a name and a
-- value in subject and value. What is given is a role in the organization, where team is '', or a role in a team.
CREATE TABLE mappings (
    organization      TEXT NOT NULL,
    id                TEXT NOT NULL,
    source            TEXT NOT NULL,
    subject           TEXT NOT NULL,
    value             TEXT NOT NULL,
    organization_role TEXT,
    team              TEXT NOT NULL,
    team_role         TEXT,
    created_by        TEXT NOT NULL,
    created_at        INTEGER NOT NULL,
    PRIMARY KEY (organization, id)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX mappings_subject ON mappings (organization, source, subject, value, team);

CREATE INDEX mappings_role ON mappings (organization, team_role) WHERE team_role NOT IN ('admin', 'member', 'viewer');

-- What each mapping gives to whom: a role in a team, or in the organization where team is ''. It follows from the mappings
-- and who is in their groups, and is written down so that it can be read.
CREATE TABLE grants (
    organization TEXT NOT NULL,
    member       TEXT NOT NULL,
    mapping      TEXT NOT NULL,
    team         TEXT NOT NULL,
    role         TEXT NOT NULL,
    PRIMARY KEY (organization, member, mapping)
) STRICT, WITHOUT ROWID;

CREATE INDEX grants_mapping ON grants (organization, mapping, member);

CREATE INDEX grants_team ON grants (organization, team, member) WHERE team <> '';

CREATE INDEX grants_role ON grants (organization, role) WHERE role NOT IN ('admin', 'member', 'viewer');

-- People whose grants are to be made again.
CREATE TABLE unsettled (
    organization TEXT NOT NULL,
    member       TEXT NOT NULL,
    PRIMARY KEY (organization, member)
) STRICT, WITHOUT ROWID;

-- The role in the organization that somebody decided; null where nobody did, so that everybody begins as a member and a
-- mapping may make a viewer of them. organization_role is what holds.
ALTER TABLE users ADD COLUMN own_role TEXT;

UPDATE users SET own_role = organization_role WHERE organization_role <> 'member';

INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('mappings', 'mappings', '100 100 1'),
    ('mappings', 'mappings_subject', '100 100 100 2 2 1'),
    ('mappings', 'mappings_role', '10 10 5'),
    ('grants', 'grants', '100000 100000 2 1'),
    ('grants', 'grants_mapping', '100000 100000 1000 1'),
    ('grants', 'grants_team', '100000 100000 1000 1'),
    ('grants', 'grants_role', '1000 1000 100'),
    ('unsettled', 'unsettled', '1000 1000 1');
ANALYZE sqlite_schema;
