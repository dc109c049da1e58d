-- name: insert
INSERT INTO users (organization, id, user_name_key, display, active, version, created_at, modified_at, resource, seat,
                   account_type, handle, team, connection)
VALUES ($1, $2, $3, $4, $5, 1, $6, $6, $10, 'none', $7, $8, $9, $11)

-- name: load
SELECT id, display, handle, CASE WHEN account_type = 'service' THEN team END,
       CASE WHEN account_type = 'org_service' THEN team END, created_at
  FROM users
 WHERE organization = $1 AND id = $2 AND account_type <> 'user'

-- name: hold
SELECT id, display, handle, CASE WHEN account_type = 'service' THEN team END,
       CASE WHEN account_type = 'org_service' THEN team END, created_at
  FROM users
 WHERE organization = $1 AND id = $2 AND account_type <> 'user'
   FOR UPDATE

-- name: named
SELECT id, display, handle, CASE WHEN account_type = 'service' THEN team END,
       CASE WHEN account_type = 'org_service' THEN team END, created_at
  FROM users
 WHERE organization = $1 AND id = (SELECT id FROM users WHERE organization = $1 AND user_name_key = $2)
   AND account_type <> 'user'

-- name: list
SELECT id, display, handle, CASE WHEN account_type = 'service' THEN team END,
       CASE WHEN account_type = 'org_service' THEN team END, created_at
  FROM users
 WHERE organization = $1 AND account_type <> 'user' AND id > $2
 ORDER BY id LIMIT $3

-- name: of_team
-- The first condition on the type is the index's own.
SELECT id, display, handle, CASE WHEN account_type = 'service' THEN team END,
       CASE WHEN account_type = 'org_service' THEN team END, created_at
  FROM users
 WHERE organization = $1 AND account_type <> 'user' AND account_type = 'service' AND team = $2 AND id > $3
 ORDER BY id LIMIT $4

-- name: count
SELECT count(*) FROM users WHERE organization = $1 AND account_type <> 'user'

-- name: teams_of
-- The live team that each of these service accounts belongs to, or that is meant when none is named.
SELECT u.id, u.account_type, t.id, t.display
  FROM users u JOIN teams t ON t.organization = u.organization AND t.id = u.team AND t.archived_at IS NULL
 WHERE u.organization = $1 AND u.account_type <> 'user' AND u.id = ANY($2)

-- name: bury
INSERT INTO tombstones (organization, id, resource_type, display, handle, removed_at)
VALUES ($1, $2, 'ServiceAccount', $3, $4, $5)

-- name: remove
DELETE FROM users WHERE organization = $1 AND id = $2 AND account_type <> 'user'
