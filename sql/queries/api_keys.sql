-- name: by_digest
-- The account of a team rests while the team is archived.
SELECT k.organization, k.id, k.digest, k.scopes, k.expires_at, k.last_used_at, k.owner, u.account_type,
       u.organization_role,
       CASE WHEN u.account_type = 'service'
            THEN EXISTS (SELECT 1 FROM teams t
                          WHERE t.organization = u.organization AND t.id = u.team AND t.archived_at IS NULL)
            ELSE u.active END,
       CASE WHEN u.account_type = 'service' THEN u.team END, o.slug, o.schemas + o.indexes, o.settings
  FROM api_keys k
  JOIN users u ON u.organization = k.organization AND u.id = k.owner
  JOIN organizations o ON o.id = k.organization
 WHERE k.digest = $1 AND k.revoked_at IS NULL

-- name: use_key
UPDATE api_keys SET last_used_at = $3
 WHERE organization = $1 AND id = $2 AND (last_used_at IS NULL OR last_used_at < $3)

-- name: owner
SELECT account_type, organization_role, active, CASE WHEN account_type = 'service' THEN team END
  FROM users
 WHERE organization = $1 AND id = $2

-- name: hold_owner
SELECT account_type, organization_role, active, CASE WHEN account_type = 'service' THEN team END
  FROM users
 WHERE organization = $1 AND id = $2
   FOR NO KEY UPDATE

-- name: count
SELECT count(*) FROM api_keys WHERE organization = $1 AND owner = $2 AND revoked_at IS NULL AND issuer IS NULL

-- name: insert
INSERT INTO api_keys (organization, id, owner, name, digest, scopes, created_at, created_by, expires_at, issuer)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)

-- name: load
SELECT id, owner, name, scopes, created_at, created_by, expires_at, last_used_at FROM api_keys
 WHERE organization = $1 AND id = $2 AND revoked_at IS NULL

-- name: of_owner
SELECT id, owner, name, scopes, created_at, created_by, expires_at, last_used_at FROM api_keys
 WHERE organization = $1 AND owner = $2 AND revoked_at IS NULL AND issuer IS NULL AND id > $3
 ORDER BY id LIMIT $4

-- name: list
SELECT id, owner, name, scopes, created_at, created_by, expires_at, last_used_at FROM api_keys
 WHERE organization = $1 AND revoked_at IS NULL AND issuer IS NULL AND id > $2
 ORDER BY id LIMIT $3

-- name: rename
UPDATE api_keys SET name = $3 WHERE organization = $1 AND id = $2 AND revoked_at IS NULL AND name <> $3

-- name: revoke
UPDATE api_keys SET revoked_at = $3 WHERE organization = $1 AND id = $2 AND revoked_at IS NULL

-- name: end
UPDATE api_keys SET revoked_at = $3 WHERE organization = $1 AND owner = $2 AND revoked_at IS NULL RETURNING id

-- name: forget_exchanged
DELETE FROM api_keys
 WHERE organization = $1 AND owner = $2 AND revoked_at IS NULL AND issuer IS NOT NULL AND expires_at <= $3

-- name: count_exchanged
SELECT count(issuer) FROM api_keys WHERE organization = $1 AND owner = $2 AND revoked_at IS NULL

-- name: end_exchanged
UPDATE api_keys SET revoked_at = $3 WHERE organization = $1 AND issuer = $2 AND revoked_at IS NULL
