-- name: announce
INSERT INTO processes (id, name, version, started_at, seen_at) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at

-- name: withdraw
DELETE FROM processes WHERE id = $1

-- name: forget
DELETE FROM processes WHERE seen_at < $1

-- name: seen_since
SELECT id, name, version, started_at, seen_at FROM processes WHERE seen_at >= $1 ORDER BY id

-- name: schema
SELECT max(version) FROM schema_migrations

-- name: sessions
SELECT count(*) FROM sessions WHERE organization = $1 AND expires_at > $2

-- name: keys
SELECT count(*) FROM api_keys WHERE organization = $1 AND revoked_at IS NULL AND coalesce(expires_at, $2) >= $2
