-- What admins let connections do: switches is a JSON object; what it does not name has its default.
ALTER TABLE connections ADD COLUMN switches TEXT COLLATE "C" NOT NULL DEFAULT '{}';

-- The connection that provisions a person. Nobody's is who was made by hand, was invited or signed in.
ALTER TABLE users ADD COLUMN connection TEXT COLLATE "C";

-- People whom a connection wants to change and did not make: state is 'asked' until an admin decides, then 'refused'; who
-- is adopted has no row.
CREATE TABLE adoptions (
    organization TEXT COLLATE "C" NOT NULL,
    connection   TEXT COLLATE "C" NOT NULL,
    person       TEXT COLLATE "C" NOT NULL,
    state        TEXT COLLATE "C" NOT NULL,
    asked_at     BIGINT NOT NULL,
    PRIMARY KEY (organization, connection, person)
);

CREATE INDEX adoptions_person ON adoptions (organization, person);
