-- Pictures that stand for teams: small squares of PNG. tag is the entity tag.
CREATE TABLE avatars (
    organization TEXT COLLATE "C" NOT NULL,
    team         TEXT COLLATE "C" NOT NULL,
    tag          TEXT COLLATE "C" NOT NULL,
    png          BYTEA            NOT NULL,
    PRIMARY KEY (organization, team)
);
