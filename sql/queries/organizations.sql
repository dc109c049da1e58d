-- name: named
SELECT id, slug, name, created_at FROM organizations WHERE slug = $1

-- name: load
SELECT id, slug, name, created_at FROM organizations WHERE id = $1

-- name: list
SELECT id, slug, name, created_at FROM organizations ORDER BY slug

-- name: hold
SELECT id FROM organizations WHERE id = $1 FOR NO KEY UPDATE

-- name: insert
INSERT INTO organizations (id, slug, name, created_at) VALUES ($1, $2, $3, $4)

-- name: settings
SELECT settings FROM organizations WHERE id = $1

-- name: set_settings
UPDATE organizations SET settings = $2 WHERE id = $1
