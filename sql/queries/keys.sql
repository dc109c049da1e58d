-- name: insert
INSERT INTO keys (organization, name, secret) VALUES ($1, $2, $3) ON CONFLICT (organization, name) DO NOTHING

-- name: load
SELECT secret FROM keys WHERE organization = $1 AND name = $2
