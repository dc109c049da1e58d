-- Pictures that stand for teams: small squares of PNG. version is a digest of the picture.
CREATE TABLE avatars (
    organization TEXT COLLATE "C" NOT NULL,
    team         TEXT COLLATE "C" NOT NULL,
    version      TEXT COLLATE "C" NOT NULL,
    png          BYTEA            NOT NULL,
    PRIMARY KEY (organization, team)
);
