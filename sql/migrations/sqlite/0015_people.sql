-- People as lists show, search and sort them: what a user's text says, narrow enough to look at everybody's. search holds the
-- folded names and addresses, a line each; it is '' until a row that was there before is filled. last_active_at is 0 for
-- who was never seen.
CREATE TABLE people (
    organization   TEXT    NOT NULL,
    id             TEXT    NOT NULL,
    name_key       TEXT    NOT NULL,
    user_name_key  TEXT    NOT NULL,
    active         INTEGER NOT NULL,
    role           TEXT    NOT NULL,
    seat           TEXT    NOT NULL,
    source         TEXT    NOT NULL,
    last_active_at INTEGER NOT NULL,
    search         TEXT    NOT NULL,
    PRIMARY KEY (organization, id)
) STRICT, WITHOUT ROWID;

INSERT INTO people (organization, id, name_key, user_name_key, active, role, seat, source, last_active_at, search)
SELECT u.organization, u.id, u.user_name_key, u.user_name_key, u.active, u.organization_role, u.seat, '',
       coalesce(a.last_active_at, 0), ''
  FROM users u LEFT JOIN activity a ON a.organization = u.organization AND a.owner = u.id
 WHERE u.account_type = 'user';

CREATE INDEX people_name ON people (organization, name_key, id);

CREATE INDEX people_last_active ON people (organization, last_active_at, id);

CREATE INDEX people_unfilled ON people (organization, id) WHERE search = '';

-- On which days people were here: a row for four weeks of a person, and a bit of days for each day. period counts four weeks
-- from Monday, 1969-12-29, on, whose bit is the lowest.
CREATE TABLE active_days (
    organization TEXT    NOT NULL,
    period       INTEGER NOT NULL,
    person       TEXT    NOT NULL,
    days         INTEGER NOT NULL,
    PRIMARY KEY (organization, period, person)
) STRICT, WITHOUT ROWID;

INSERT INTO active_days (organization, period, person, days)
SELECT organization, (last_active_at / 86400000000 + 3) / 28, id, 1 << ((last_active_at / 86400000000 + 3) % 28)
  FROM people WHERE last_active_at > 0;

-- The processes that serve this database, each as it last said so.
CREATE TABLE processes (
    id         TEXT    NOT NULL,
    name       TEXT    NOT NULL,
    version    TEXT    NOT NULL,
    started_at INTEGER NOT NULL,
    seen_at    INTEGER NOT NULL,
    PRIMARY KEY (id)
) STRICT, WITHOUT ROWID;

INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('people', 'people', '1000000 1000000 1'),
    ('people', 'people_name', '1000000 1000000 2 1'),
    ('people', 'people_last_active', '1000000 1000000 2 1'),
    ('people', 'people_unfilled', '100 100 1'),
    ('active_days', 'active_days', '1000000 1000000 100000 1'),
    ('processes', 'processes', '10 1');
ANALYZE sqlite_schema;
