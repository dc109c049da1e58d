-- name: version
SELECT schemas, schemas + indexes FROM organizations WHERE id = $1

-- name: changed
UPDATE organizations SET schemas = schemas + 1 WHERE id = $1

-- name: indexed
UPDATE organizations SET indexes = indexes + 1 WHERE id = $1

-- name: list
SELECT definition, state, kind, position, done FROM schemas
 WHERE organization = $1
 ORDER BY created_at, urn_key

-- name: load
SELECT definition, state, kind, position, done FROM schemas
 WHERE organization = $1 AND urn_key = $2
   FOR UPDATE

-- name: put
INSERT INTO schemas (organization, urn_key, definition, state, kind, position, done, created_at, modified_at)
VALUES ($1, $2, $3, $4, 0, '', 0, $5, $5)
    ON CONFLICT (organization, urn_key) DO UPDATE
   SET definition = excluded.definition, state = excluded.state, kind = 0, position = '', done = 0,
       modified_at = excluded.modified_at

-- name: move_on
UPDATE schemas SET kind = $3, position = $4, done = $5 WHERE organization = $1 AND urn_key = $2

-- name: ready
UPDATE schemas SET state = 'ready' WHERE organization = $1 AND urn_key = $2

-- name: remove
DELETE FROM schemas WHERE organization = $1 AND urn_key = $2
