-- name: insert
INSERT INTO providers (organization, id, name, name_key, settings, secret, created_at, created_by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)

-- name: list
SELECT id, name, settings, secret, created_at, created_by FROM providers WHERE organization = $1 ORDER BY id

-- name: load
SELECT id, name, settings, secret, created_at, created_by FROM providers WHERE organization = $1 AND id = $2

-- name: load_for_change
SELECT id, name, settings, secret, created_at, created_by FROM providers WHERE organization = $1 AND id = $2
   FOR NO KEY UPDATE

-- name: replace
UPDATE providers SET name = $3, name_key = $4, settings = $5, secret = $6 WHERE organization = $1 AND id = $2

-- name: remove
DELETE FROM providers WHERE organization = $1 AND id = $2
