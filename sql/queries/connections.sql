-- name: insert
INSERT INTO connections (organization, id, name, name_key, profile, sensitive, created_at, switches)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)

-- name: change
UPDATE connections SET profile = $3, sensitive = $4, switches = $5 WHERE organization = $1 AND id = $2

-- name: named
SELECT id, name, profile, created_at, sensitive, switches FROM connections
 WHERE organization = $1 AND name_key = $2 AND revoked_at IS NULL

-- name: list
SELECT id, name, profile, created_at, sensitive, switches FROM connections
 WHERE organization = $1 AND revoked_at IS NULL
 ORDER BY name_key

-- name: name
SELECT name FROM connections WHERE organization = $1 AND id = $2

-- name: any_ever
SELECT CAST(1 AS BIGINT) FROM connections WHERE organization = $1 LIMIT 1

-- name: revoke
UPDATE connections SET revoked_at = $3 WHERE organization = $1 AND id = $2 AND revoked_at IS NULL

-- name: insert_token
INSERT INTO tokens (organization, id, connection, digest, origin, created_at, expires_at, scopes)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)

-- name: revive_token
UPDATE tokens SET connection = $3, revoked_at = NULL
 WHERE organization = $1 AND digest = $2 AND origin = 'declared'
RETURNING id

-- name: tokens
SELECT id, connection, origin, created_at, expires_at, last_used_at, scopes FROM tokens
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
SELECT t.organization, t.id, t.digest, t.expires_at, t.last_used_at, c.id, c.name, c.profile, o.schemas + o.indexes,
       o.slug, c.sensitive, t.scopes, c.switches
  FROM tokens t
  JOIN connections c ON c.organization = t.organization AND c.id = t.connection
  JOIN organizations o ON o.id = t.organization
 WHERE t.digest = $1 AND t.revoked_at IS NULL AND c.revoked_at IS NULL

-- name: verdict_of
SELECT c.id, c.name, c.profile, o.schemas + o.indexes, o.slug, c.sensitive, c.switches
  FROM connections c
  JOIN organizations o ON o.id = c.organization
 WHERE c.organization = $1 AND c.id = $2 AND c.revoked_at IS NULL

-- name: lean
INSERT INTO leniencies (organization, connection, rule, uses, last_used_at) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (organization, connection, rule) DO UPDATE
   SET uses = leniencies.uses + excluded.uses, last_used_at = excluded.last_used_at

-- name: leniencies
SELECT connection, rule, uses, last_used_at FROM leniencies WHERE organization = $1 ORDER BY connection, rule
