-- When a change over SCIM was last refused by the organization's rules, by the hour: identity providers try again in every
-- cycle, and the journal tells of it once. subject is a user's id, the hash of a name that nobody got, or '' for whoever
-- asked.
CREATE TABLE denials (
    organization TEXT    NOT NULL,
    actor        TEXT    NOT NULL,
    subject      TEXT    NOT NULL,
    hour         INTEGER NOT NULL,
    PRIMARY KEY (organization, actor, subject)
) STRICT, WITHOUT ROWID;

CREATE INDEX denials_hour ON denials (organization, hour);

CREATE INDEX team_aliases_team ON team_aliases (organization, team);

INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('team_aliases', 'team_aliases', '100000 100000 1'),
    ('team_aliases', 'team_aliases_team', '100000 100000 2'),
    ('denials', 'denials', '10000 10000 1000 1'),
    ('denials', 'denials_hour', '10000 10000 1000 1');
ANALYZE sqlite_schema;
