-- Which group, or which claim at sign-in, gives which role. source is 'group', of a team's id, or 'claim', of a name and a
-- value in subject and value. What is given is a role in the organization, where team is '', or a role in a team.
CREATE TABLE mappings (
    organization      TEXT COLLATE "C" NOT NULL,
    id                TEXT COLLATE "C" NOT NULL,
    source            TEXT COLLATE "C" NOT NULL,
    subject           TEXT COLLATE "C" NOT NULL,
    value             TEXT COLLATE "C" NOT NULL,
    organization_role TEXT COLLATE "C",
    team              TEXT COLLATE "C" NOT NULL,
    team_role         TEXT COLLATE "C",
    created_by        TEXT COLLATE "C" NOT NULL,
    created_at        BIGINT NOT NULL,
    PRIMARY KEY (organization, id)
);

CREATE UNIQUE INDEX "mappings.team" ON mappings (organization, source, subject, value, team);

CREATE INDEX mappings_role ON mappings (organization, team_role) WHERE team_role NOT IN ('admin', 'member', 'viewer');

-- What each mapping gives to whom: a role in a team, or in the organization where team is ''. It follows from the mappings
-- and who is in their groups, and is written down so that it can be read.
CREATE TABLE grants (
    organization TEXT COLLATE "C" NOT NULL,
    member       TEXT COLLATE "C" NOT NULL,
    mapping      TEXT COLLATE "C" NOT NULL,
    team         TEXT COLLATE "C" NOT NULL,
    role         TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (organization, member, mapping)
);

CREATE INDEX grants_mapping ON grants (organization, mapping, member);

CREATE INDEX grants_team ON grants (organization, team, member) WHERE team <> '';

CREATE INDEX grants_role ON grants (organization, role) WHERE role NOT IN ('admin', 'member', 'viewer');

-- People whose grants are to be made again.
CREATE TABLE unsettled (
    organization TEXT COLLATE "C" NOT NULL,
    member       TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (organization, member)
);

-- The role in the organization that somebody decided; null where nobody did, so that everybody begins as a member and a
-- mapping may make a viewer of them. organization_role is what holds.
ALTER TABLE users ADD COLUMN own_role TEXT COLLATE "C";

UPDATE users SET own_role = organization_role WHERE organization_role <> 'member';
