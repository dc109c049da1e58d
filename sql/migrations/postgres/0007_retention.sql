-- When a change over SCIM was last refused by the organization's rules, by the hour: identity providers try again in every
-- cycle, and the journal tells of it once. subject is a user's id, the hash of a name that nobody got, or '' for whoever
-- asked.
CREATE TABLE denials (
    organization TEXT COLLATE "C" NOT NULL,
    actor        TEXT COLLATE "C" NOT NULL,
    subject      TEXT COLLATE "C" NOT NULL,
    hour         BIGINT NOT NULL,
    PRIMARY KEY (organization, actor, subject)
);

CREATE INDEX denials_hour ON denials (organization, hour);

CREATE INDEX team_aliases_team ON team_aliases (organization, team);
