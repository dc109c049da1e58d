-- Keys that an organization's own answers are sealed with, such as cursors. They protect nothing that stands beside
-- them here.
CREATE TABLE keys (
    organization TEXT NOT NULL,
    name         TEXT NOT NULL,
    secret       BLOB NOT NULL,
    PRIMARY KEY (organization, name)
) STRICT, WITHOUT ROWID;
