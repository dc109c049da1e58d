-- Pictures that stand for teams: small squares of PNG. tag is the entity tag.
CREATE TABLE avatars (
    organization TEXT NOT NULL,
    team         TEXT NOT NULL,
    tag          TEXT NOT NULL,
    png          BLOB NOT NULL,
    PRIMARY KEY (organization, team)
) STRICT;

INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('avatars', 'sqlite_autoindex_avatars_1', '1000 1000 1');
ANALYZE sqlite_schema;
