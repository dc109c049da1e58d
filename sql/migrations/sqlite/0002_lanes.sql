-- A count is the sum of its lanes: writers that are at work at one time add to different rows. Here there is one
-- writer, and one lane.
CREATE TABLE counters_in_lanes (
    organization TEXT    NOT NULL,
    name         TEXT    NOT NULL,
    lane         INTEGER NOT NULL,
    value        INTEGER NOT NULL,
    PRIMARY KEY (organization, name, lane)
) STRICT, WITHOUT ROWID;

INSERT INTO counters_in_lanes (organization, name, lane, value) SELECT organization, name, 0, value FROM counters;

DROP TABLE counters;

ALTER TABLE counters_in_lanes RENAME TO counters;
