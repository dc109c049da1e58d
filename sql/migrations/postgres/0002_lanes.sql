-- A count is the sum of its lanes: writers that are at work at one time add to different rows.
ALTER TABLE counters ADD COLUMN lane BIGINT NOT NULL DEFAULT 0;

ALTER TABLE counters ALTER COLUMN lane DROP DEFAULT;

ALTER TABLE counters DROP CONSTRAINT counters_pkey;

ALTER TABLE counters ADD PRIMARY KEY (organization, name, lane);
