-- name: keep
INSERT INTO avatars (organization, team, tag, png) VALUES ($1, $2, $3, $4)
    ON CONFLICT (organization, team) DO UPDATE SET tag = excluded.tag, png = excluded.png

-- name: load
SELECT tag, png FROM avatars WHERE organization = $1 AND team = $2

-- name: tags
SELECT team, tag FROM avatars WHERE organization = $1 AND team = ANY($2)

-- name: remove
DELETE FROM avatars WHERE organization = $1 AND team = $2
