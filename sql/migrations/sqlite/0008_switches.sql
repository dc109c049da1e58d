-- What admins let connections do: switches is a JSON object; what it does not name has its default.
ALTER TABLE connections ADD COLUMN switches TEXT NOT NULL DEFAULT '{}';

-- The connection that provisions a person. Nobody's is who was made by hand, was invited or signed in.
ALTER TABLE users ADD COLUMN connection TEXT;

-- People whom a connection wants to change and did not make: state is 'asked' until an admin decides, then 'refused'; who
-- is adopted has no row.
CREATE TABLE adoptions (
    organization TEXT NOT NULL,
    connection   TEXT NOT NULL,
    person       TEXT NOT NULL,
    state        TEXT NOT NULL,
    asked_at     INTEGER NOT NULL,
    PRIMARY KEY (organization, connection, person)
) STRICT, WITHOUT ROWID;

CREATE INDEX adoptions_person ON adoptions (organization, person);

INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('adoptions', 'adoptions', '1000 1000 500 1'),
    ('adoptions', 'adoptions_person', '1000 1000 1');
ANALYZE sqlite_schema;
