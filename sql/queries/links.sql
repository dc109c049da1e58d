-- name: insert
INSERT INTO links (digest, organization, kind, person, expires_at) VALUES ($1, $2, $3, $4, $5)

-- name: by_digest
SELECT organization, kind, person, expires_at FROM links WHERE digest = $1

-- name: use_up
DELETE FROM links WHERE digest = $1

-- name: forget_of
DELETE FROM links WHERE organization = $1 AND kind = $2 AND person = $3

-- name: forget
DELETE FROM links WHERE expires_at <= $1
