-- name: insert
INSERT INTO sessions (organization, id, digest, person, way, provider, provider_session, created_at, authenticated_at,
                      seen_at, expires_at, address, agent)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $12, $8, $9, $10, $11)

-- name: by_digest
SELECT s.organization, s.id, s.digest, s.created_at, s.authenticated_at, s.seen_at, s.expires_at, s.person,
       u.organization_role, u.active, o.slug, o.schemas + o.indexes, o.settings
  FROM sessions s
  JOIN users u ON u.organization = s.organization AND u.id = s.person
  JOIN organizations o ON o.id = s.organization
 WHERE s.digest = $1

-- name: seen
UPDATE sessions SET seen_at = $3, address = CASE WHEN $4 = '' THEN address ELSE $4 END
 WHERE organization = $1 AND id = $2 AND seen_at < $3

-- name: prove
UPDATE sessions SET authenticated_at = $3, digest = $4 WHERE organization = $1 AND id = $2

-- name: of_person
SELECT id, person, way, provider, created_at, authenticated_at, seen_at, expires_at, address, agent FROM sessions
 WHERE organization = $1 AND person = $2
 ORDER BY id

-- name: load
SELECT id, person, way, provider, created_at, authenticated_at, seen_at, expires_at, address, agent FROM sessions
 WHERE organization = $1 AND id = $2

-- name: end
DELETE FROM sessions WHERE organization = $1 AND id = $2 RETURNING person

-- name: end_of_person
DELETE FROM sessions WHERE organization = $1 AND person = $2 AND id <> $3 RETURNING id

-- name: end_of_provider
DELETE FROM sessions WHERE organization = $1 AND provider = $2 AND provider_session = $3 RETURNING id, person

-- name: end_of_subject
DELETE FROM sessions
 WHERE organization = $1 AND provider = $2
   AND person = (SELECT i.person FROM identities i WHERE i.organization = $1 AND i.provider = $2 AND i.subject = $3)
RETURNING id, person

-- name: forget
DELETE FROM sessions WHERE expires_at <= $1

-- name: end_of_person_at
DELETE FROM sessions WHERE organization = $1 AND person = $2 AND provider = $3 RETURNING id

-- name: end_of_whole_provider
DELETE FROM sessions WHERE organization = $1 AND provider = $2 RETURNING id, person
