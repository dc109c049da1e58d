-- name: by_digest
SELECT k.organization, k.id, k.digest, k.scopes, k.expires_at, k.last_used_at, k.owner, u.account_type,
       u.organization_role, u.active, u.team, o.slug, o.schemas + o.indexes
  FROM api_keys k
  JOIN users u ON u.organization = k.organization AND u.id = k.owner
  JOIN organizations o ON o.id = k.organization
 WHERE k.digest = $1 AND k.revoked_at IS NULL

-- name: use_key
UPDATE api_keys SET last_used_at = $3
 WHERE organization = $1 AND id = $2 AND (last_used_at IS NULL OR last_used_at < $3)
