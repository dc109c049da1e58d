-- People who are invited and not here yet. A pending invite holds a seat of its kind until it expires. digest is the
-- SHA-256 of the token in its link; state is 'pending', 'accepted' or 'cancelled'; team is the team that invited, if not the
-- organization did.
CREATE TABLE invites (
    organization TEXT NOT NULL,
    id           TEXT NOT NULL,
    email        TEXT NOT NULL,
    email_key    TEXT NOT NULL,
    role         TEXT NOT NULL,
    seat         TEXT NOT NULL,
    digest       BLOB NOT NULL,
    state        TEXT NOT NULL,
    invited_by   TEXT NOT NULL,
    created_at   INTEGER NOT NULL,
    expires_at   INTEGER NOT NULL,
    person       TEXT,
    team         TEXT,
    PRIMARY KEY (organization, id)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX invites_digest ON invites (digest);

CREATE UNIQUE INDEX invites_email_key ON invites (organization, email_key) WHERE state = 'pending';

CREATE INDEX invites_done ON invites (organization, created_at) WHERE state <> 'pending';

CREATE INDEX invites_person ON invites (organization, person) WHERE person IS NOT NULL;

-- The teams that come with an invite. role is as in memberships.
CREATE TABLE invite_teams (
    organization TEXT NOT NULL,
    invite       TEXT NOT NULL,
    team         TEXT NOT NULL,
    role         TEXT NOT NULL,
    PRIMARY KEY (organization, invite, team)
) STRICT, WITHOUT ROWID;

CREATE INDEX invite_teams_team ON invite_teams (organization, team, invite);

CREATE INDEX invite_teams_role ON invite_teams (organization, role) WHERE role NOT IN ('admin', 'member', 'viewer');

-- Mail on its way. state is 'queued', 'sent' or 'failed'. content is a JSON object of what the letter says; it may hold a
-- link that lets somebody in, and is emptied when the letter is out. Whoever takes a letter puts next_at off until it must
-- be done. about is the id of the invite or user it is about.
CREATE TABLE mails (
    organization TEXT NOT NULL,
    id           TEXT NOT NULL,
    kind         TEXT NOT NULL,
    about        TEXT NOT NULL,
    recipient    TEXT NOT NULL,
    content      TEXT NOT NULL,
    state        TEXT NOT NULL,
    reason       TEXT,
    attempts     INTEGER NOT NULL,
    next_at      INTEGER NOT NULL,
    created_at   INTEGER NOT NULL,
    sent_at      INTEGER,
    PRIMARY KEY (organization, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX mails_due ON mails (next_at) WHERE state = 'queued';

CREATE INDEX mails_about ON mails (organization, about, id);

CREATE INDEX mails_done ON mails (organization, created_at) WHERE state <> 'queued';

INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('invites', 'invites', '10000 10000 1'),
    ('invites', 'invites_digest', '10000 1'),
    ('invites', 'invites_email_key', '1000 1000 1'),
    ('invites', 'invites_done', '10000 10000 1'),
    ('invites', 'invites_person', '10000 10000 1'),
    ('invite_teams', 'invite_teams', '10000 10000 2 1'),
    ('invite_teams', 'invite_teams_team', '10000 10000 10 1'),
    ('invite_teams', 'invite_teams_role', '100 100 10'),
    ('mails', 'mails', '10000 10000 1'),
    ('mails', 'mails_due', '100 1'),
    ('mails', 'mails_about', '10000 10000 2 1'),
    ('mails', 'mails_done', '10000 10000 1');
ANALYZE sqlite_schema;
