-- name: keep
INSERT INTO avatars (organization, team, version, png) VALUES ($1, $2, $3, $4)
    ON CONFLICT (organization, team) DO UPDATE SET version = excluded.version, png = excluded.png

-- name: load
SELECT version, png FROM avatars WHERE organization = $1 AND team = $2

-- name: versions
SELECT team, version FROM avatars WHERE organization = $1 AND team = ANY($2)

-- name: remove
DELETE FROM avatars WHERE organization = $1 AND team = $2
