-- People who are invited and not here yet. A pending invite holds a seat of its kind until it expires. digest is the
-- SHA-256 of the token in its link; state is 'pending', 'accepted' or 'cancelled'; team is the team that invited, if not the
-- organization did.
CREATE TABLE invites (
    organization TEXT COLLATE "C" NOT NULL,
    id           TEXT COLLATE "C" NOT NULL,
    email        TEXT COLLATE "C" NOT NULL,
    email_key    TEXT COLLATE "C" NOT NULL,
    role         TEXT COLLATE "C" NOT NULL,
    seat         TEXT COLLATE "C" NOT NULL,
    digest       BYTEA            NOT NULL,
    state        TEXT COLLATE "C" NOT NULL,
    invited_by   TEXT COLLATE "C" NOT NULL,
    created_at   BIGINT NOT NULL,
    expires_at   BIGINT NOT NULL,
    person       TEXT COLLATE "C",
    team         TEXT COLLATE "C",
    PRIMARY KEY (organization, id),
    CONSTRAINT "invites.digest" UNIQUE (digest)
);

CREATE UNIQUE INDEX "invites.email_key" ON invites (organization, email_key) WHERE state = 'pending';

CREATE INDEX invites_done ON invites (organization, created_at) WHERE state <> 'pending';

CREATE INDEX invites_person ON invites (organization, person) WHERE person IS NOT NULL;

-- The teams that come with an invite. role is as in memberships.
CREATE TABLE invite_teams (
    organization TEXT COLLATE "C" NOT NULL,
    invite       TEXT COLLATE "C" NOT NULL,
    team         TEXT COLLATE "C" NOT NULL,
    role         TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (organization, invite, team)
);

CREATE INDEX invite_teams_team ON invite_teams (organization, team, invite);

CREATE INDEX invite_teams_role ON invite_teams (organization, role) WHERE role NOT IN ('admin', 'member', 'viewer');

-- Mail on its way. state is 'queued', 'sent' or 'failed'. content is a JSON object of what the letter says; it may hold a
-- link that lets somebody in, and is emptied when the letter is out. Whoever takes a letter puts next_at off until it must
-- be done. about is the id of the invite or user it is about.
CREATE TABLE mails (
    organization TEXT COLLATE "C" NOT NULL,
    id           TEXT COLLATE "C" NOT NULL,
    kind         TEXT COLLATE "C" NOT NULL,
    about        TEXT COLLATE "C" NOT NULL,
    recipient    TEXT COLLATE "C" NOT NULL,
    content      TEXT COLLATE "C" NOT NULL,
    state        TEXT COLLATE "C" NOT NULL,
    reason       TEXT COLLATE "C",
    attempts     BIGINT NOT NULL,
    next_at      BIGINT NOT NULL,
    created_at   BIGINT NOT NULL,
    sent_at      BIGINT,
    PRIMARY KEY (organization, id)
);

CREATE INDEX mails_due ON mails (next_at) WHERE state = 'queued';

CREATE INDEX mails_about ON mails (organization, about, id);

CREATE INDEX mails_done ON mails (organization, created_at) WHERE state <> 'queued';
