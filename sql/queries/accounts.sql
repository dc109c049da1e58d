-- name: load
SELECT u.id, u.version, u.created_at, u.modified_at, CAST(0 AS BIGINT), u.resource, m.display
  FROM users u LEFT JOIN users m ON m.organization = u.organization AND m.id = u.manager
 WHERE u.organization = $1 AND u.id = $2

-- name: page
-- The ids are counted off in the index alone; rows are read only for the page.
SELECT u.id, u.version, u.created_at, u.modified_at, CAST(0 AS BIGINT), u.resource, m.display
  FROM users u LEFT JOIN users m ON m.organization = u.organization AND m.id = u.manager
 WHERE u.organization = $1 AND u.id IN (SELECT id FROM users WHERE organization = $1 ORDER BY id LIMIT $2 OFFSET $3)
 ORDER BY u.id

-- name: after
SELECT u.id, u.version, u.created_at, u.modified_at, CAST(0 AS BIGINT), u.resource, m.display
  FROM users u LEFT JOIN users m ON m.organization = u.organization AND m.id = u.manager
 WHERE u.organization = $1 AND u.id > $2
 ORDER BY u.id LIMIT $3

-- name: among
SELECT u.id, u.version, u.created_at, u.modified_at, CAST(0 AS BIGINT), u.resource, m.display
  FROM users u LEFT JOIN users m ON m.organization = u.organization AND m.id = u.manager
 WHERE u.organization = $1 AND u.id = ANY($2)
 ORDER BY u.id

-- name: named
SELECT id FROM users WHERE organization = $1 AND user_name_key = $2
