-- People as lists show, search and sort them: what a user's text says, narrow enough to look at everybody's. search holds the
-- folded names and addresses, a line each; it is '' until a row that was there before is filled. last_active_at is 0 for
-- who was never seen.
CREATE TABLE people (
    organization   TEXT COLLATE "C" NOT NULL,
    id             TEXT COLLATE "C" NOT NULL,
    name_key       TEXT COLLATE "C" NOT NULL,
    user_name_key  TEXT COLLATE "C" NOT NULL,
    active         BOOLEAN          NOT NULL,
    role           TEXT COLLATE "C" NOT NULL,
    seat           TEXT COLLATE "C" NOT NULL,
    source         TEXT COLLATE "C" NOT NULL,
    last_active_at BIGINT           NOT NULL,
    search         TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (organization, id)
);

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
    organization TEXT COLLATE "C" NOT NULL,
    period       BIGINT           NOT NULL,
    person       TEXT COLLATE "C" NOT NULL,
    days         BIGINT           NOT NULL,
    PRIMARY KEY (organization, period, person)
);

INSERT INTO active_days (organization, period, person, days)
SELECT organization, (last_active_at / 86400000000 + 3) / 28, id,
       CAST(1 AS BIGINT) << CAST((last_active_at / 86400000000 + 3) % 28 AS INTEGER)
  FROM people WHERE last_active_at > 0;

-- The processes that serve this database, each as it last said so.
CREATE TABLE processes (
    id         TEXT COLLATE "C" NOT NULL,
    name       TEXT COLLATE "C" NOT NULL,
    version    TEXT COLLATE "C" NOT NULL,
    started_at BIGINT           NOT NULL,
    seen_at    BIGINT           NOT NULL,
    PRIMARY KEY (id)
);
