-- The schemas that an organization's admins added. organizations.schemas counts the changes of what they say, and
-- organizations.indexes how often the index knew all values of one. state is 'indexing' until
-- the index knows all values of the indexed attributes, 'ready' then, and 'leaving' while the schema is taken out of the
-- resources; kind and position are how far that work is, done how many resources it has seen.
ALTER TABLE organizations ADD COLUMN schemas BIGINT NOT NULL DEFAULT 0;

ALTER TABLE organizations ADD COLUMN indexes BIGINT NOT NULL DEFAULT 0;

CREATE TABLE schemas (
    organization TEXT COLLATE "C" NOT NULL REFERENCES organizations (id),
    urn_key      TEXT COLLATE "C" NOT NULL,
    definition   TEXT COLLATE "C" NOT NULL,
    state        TEXT COLLATE "C" NOT NULL,
    kind         BIGINT           NOT NULL,
    position     TEXT COLLATE "C" NOT NULL,
    done         BIGINT           NOT NULL,
    created_at   BIGINT           NOT NULL,
    modified_at  BIGINT           NOT NULL,
    PRIMARY KEY (organization, urn_key)
);
