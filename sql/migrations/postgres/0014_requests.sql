-- What identity providers, and keys over SCIM, asked and heard. took is in microseconds. rules is a list of JSON: the leniencies
-- that were needed; headers an object of JSON: those that matter to what is done. body is JSON without secrets; NULL where there
-- was none or it was not kept.
CREATE TABLE requests (
    organization  TEXT COLLATE "C" NOT NULL,
    id            TEXT COLLATE "C" NOT NULL,
    connection    TEXT COLLATE "C" NOT NULL,
    actor_type    TEXT COLLATE "C" NOT NULL,
    actor         TEXT COLLATE "C" NOT NULL,
    credential    TEXT COLLATE "C" NOT NULL,
    at            BIGINT           NOT NULL,
    took          BIGINT           NOT NULL,
    method        TEXT COLLATE "C" NOT NULL,
    path          TEXT COLLATE "C" NOT NULL,
    headers       TEXT COLLATE "C" NOT NULL,
    status        BIGINT           NOT NULL,
    outcome       TEXT COLLATE "C" NOT NULL,
    scim_type     TEXT COLLATE "C" NOT NULL,
    detail        TEXT COLLATE "C" NOT NULL,
    rules         TEXT COLLATE "C" NOT NULL,
    resource_type TEXT COLLATE "C" NOT NULL,
    resource      TEXT COLLATE "C" NOT NULL,
    body          TEXT COLLATE "C",
    body_bytes    BIGINT           NOT NULL,
    PRIMARY KEY (organization, id)
);

CREATE INDEX requests_connection ON requests (organization, connection, id);
