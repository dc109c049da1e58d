-- The schemas that an organization's admins added. organizations.schemas counts the changes of what they say, and
-- organizations.indexes how often the index knew all values of one. state is 'indexing' until
-- the index knows all values of the indexed attributes, 'ready' then, and 'leaving' while the schema is taken out of the
-- resources; kind and position are how far that work is, done how many resources it has seen.
ALTER TABLE organizations ADD COLUMN schemas INTEGER NOT NULL DEFAULT 0;

ALTER TABLE organizations ADD COLUMN indexes INTEGER NOT NULL DEFAULT 0;

CREATE TABLE schemas (
    organization TEXT    NOT NULL REFERENCES organizations (id),
    urn_key      TEXT    NOT NULL,
    definition   TEXT    NOT NULL,
    state        TEXT    NOT NULL,
    kind         INTEGER NOT NULL,
    position     TEXT    NOT NULL,
    done         INTEGER NOT NULL,
    created_at   INTEGER NOT NULL,
    modified_at  INTEGER NOT NULL,
    PRIMARY KEY (organization, urn_key)
) STRICT, WITHOUT ROWID;
