-- Keys that an organization's own answers are sealed with, such as cursors. They protect nothing that stands beside
-- them here.
CREATE TABLE keys (
    organization TEXT COLLATE "C" NOT NULL,
    name         TEXT COLLATE "C" NOT NULL,
    secret       BYTEA            NOT NULL,
    PRIMARY KEY (organization, name)
);
