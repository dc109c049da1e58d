-- name: organization
SELECT id FROM organizations WHERE slug = $1

-- name: hold_organization
SELECT id FROM organizations WHERE id = $1 FOR NO KEY UPDATE

-- name: insert_organization
INSERT INTO organizations (id, slug, name, created_at) VALUES ($1, $2, $3, $4)

-- name: insert
INSERT INTO connections (organization, id, name, name_key, profile, created_at)
VALUES ($1, $2, $3, $4, $5, $6)

-- name: set_profile
UPDATE connections SET profile = $3 WHERE organization = $1 AND id = $2

-- name: named
SELECT id, name, profile, created_at FROM connections
 WHERE organization = $1 AND name_key = $2 AND revoked_at IS NULL

-- name: list
SELECT id, name, profile, created_at FROM connections
 WHERE organization = $1 AND revoked_at IS NULL
 ORDER BY name_key

-- name: any_ever
SELECT CAST(1 AS BIGINT) FROM connections WHERE organization = $1 LIMIT 1

-- name: revoke
UPDATE connections SET revoked_at = $3 WHERE organization = $1 AND id = $2 AND revoked_at IS NULL

-- name: insert_token
INSERT INTO tokens (organization, id, connection, digest, origin, created_at, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)

-- name: revive_token
UPDATE tokens SET connection = $3, revoked_at = NULL
 WHERE organization = $1 AND digest = $2 AND origin = 'declared'
RETURNING id

-- name: tokens
SELECT id, connection, origin, created_at, expires_at, last_used_at FROM tokens
 WHERE organization = $1 AND revoked_at IS NULL
 ORDER BY created_at, id

-- name: declared_tokens
SELECT id, digest, connection FROM tokens WHERE organization = $1 AND origin = 'declared' AND revoked_at IS NULL

-- name: revoke_token
UPDATE tokens SET revoked_at = $3 WHERE organization = $1 AND id = $2 AND revoked_at IS NULL
RETURNING connection, origin

-- name: revoke_tokens_of
UPDATE tokens SET revoked_at = $3 WHERE organization = $1 AND connection = $2 AND revoked_at IS NULL

-- name: use_token
UPDATE tokens SET last_used_at = $3
 WHERE organization = $1 AND id = $2 AND (last_used_at IS NULL OR last_used_at < $3)

-- name: by_digest
SELECT t.organization, t.id, t.digest, t.expires_at, t.last_used_at, c.id, c.name, c.profile, o.schemas + o.indexes
  FROM tokens t
  JOIN connections c ON c.organization = t.organization AND c.id = t.connection
  JOIN organizations o ON o.id = t.organization
 WHERE t.digest = $1 AND t.revoked_at IS NULL AND c.revoked_at IS NULL
