-- Pictures that stand for teams: small squares of PNG. version is a digest of the picture.
CREATE TABLE avatars (
    organization TEXT NOT NULL,
    team         TEXT NOT NULL,
    version      TEXT NOT NULL,
    png          BLOB NOT NULL,
    PRIMARY KEY (organization, team)
) STRICT;

INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('avatars', 'sqlite_autoindex_avatars_1', '1000 1000 1');
ANALYZE sqlite_schema;
