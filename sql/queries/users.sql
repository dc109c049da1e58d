-- name: load
SELECT u.id, u.version, u.created_at, u.modified_at, CAST(0 AS BIGINT), u.resource, m.display
  FROM users u LEFT JOIN users m ON m.organization = u.organization AND m.id = u.manager
 WHERE u.organization = $1 AND u.account_type = 'user' AND u.id = $2

-- name: load_for_change
SELECT u.id, u.version, u.created_at, u.modified_at, CAST(0 AS BIGINT), u.resource, m.display
  FROM users u LEFT JOIN users m ON m.organization = u.organization AND m.id = u.manager
 WHERE u.organization = $1 AND u.account_type = 'user' AND u.id = $2
   FOR NO KEY UPDATE OF u

-- name: load_for_removal
SELECT u.id, u.version, u.created_at, u.modified_at, CAST(0 AS BIGINT), u.resource, m.display
  FROM users u LEFT JOIN users m ON m.organization = u.organization AND m.id = u.manager
 WHERE u.organization = $1 AND u.account_type = 'user' AND u.id = $2
   FOR UPDATE OF u

-- name: page
-- The ids are counted off in the index alone; rows are read only for the page.
SELECT u.id, u.version, u.created_at, u.modified_at, CAST(0 AS BIGINT), u.resource, m.display
  FROM users u LEFT JOIN users m ON m.organization = u.organization AND m.id = u.manager
 WHERE u.organization = $1
   AND u.id IN (SELECT id FROM users WHERE organization = $1 AND account_type = 'user' ORDER BY id LIMIT $2 OFFSET $3)
 ORDER BY u.id

-- name: after
SELECT u.id, u.version, u.created_at, u.modified_at, CAST(0 AS BIGINT), u.resource, m.display
  FROM users u LEFT JOIN users m ON m.organization = u.organization AND m.id = u.manager
 WHERE u.organization = $1 AND u.account_type = 'user' AND u.id > $2
 ORDER BY u.id LIMIT $3

-- name: among
SELECT u.id, u.version, u.created_at, u.modified_at, CAST(0 AS BIGINT), u.resource, m.display
  FROM users u LEFT JOIN users m ON m.organization = u.organization AND m.id = u.manager
 WHERE u.organization = $1 AND u.account_type = 'user' AND u.id = ANY($2)
 ORDER BY u.id

-- name: named
SELECT id FROM users WHERE organization = $1 AND user_name_key = $2 AND account_type = 'user'

-- name: role_of_active
-- Whoever changes it waits until this transaction ends.
SELECT organization_role FROM users WHERE organization = $1 AND id = $2 AND active FOR SHARE

-- name: own_role
-- Whoever is about to change it, and nobody else, holds it.
SELECT organization_role FROM users WHERE organization = $1 AND id = $2 AND active FOR NO KEY UPDATE

-- name: admins
SELECT id FROM users
 WHERE organization = $1 AND organization_role = 'admin' AND active AND account_type = 'user'
 ORDER BY id LIMIT $2

-- name: holders
SELECT a.key, u.id, m.member IS NOT NULL, u.active
  FROM attribute_index a
  JOIN users u ON u.organization = a.organization AND u.id = a.resource
  LEFT JOIN memberships m ON m.organization = a.organization AND m.team = $3 AND m.member = a.resource
 WHERE a.organization = $1 AND a.resource_type = 'User' AND a.attribute = 'emails.value' AND a.key = ANY($2)
   AND (u.active OR m.member IS NOT NULL) AND u.account_type = 'user'

-- name: by_handle
SELECT id FROM users
 WHERE organization = $1 AND account_type = 'user'
   AND id = (SELECT owner FROM handles WHERE organization = $1 AND handle = $2)

-- name: cards
SELECT u.id, u.handle, t.id
  FROM users u LEFT JOIN teams t ON t.organization = u.organization AND t.id = u.team AND t.archived_at IS NULL
 WHERE u.organization = $1 AND u.id = ANY($2)

-- name: touch
-- What stands beside the user changed, and is part of what is answered.
UPDATE users SET version = version + 1, modified_at = CASE WHEN modified_at > $3 THEN modified_at ELSE $3 END
 WHERE organization = $1 AND id = $2

-- name: set_team
UPDATE users SET team = $3 WHERE organization = $1 AND id = $2

-- name: known
SELECT coalesce(display, handle), handle, CAST(NULL AS BIGINT) FROM users WHERE organization = $1 AND id = $2
 UNION ALL
SELECT display, handle, removed_at FROM tombstones WHERE organization = $1 AND id = $2

-- name: reports
SELECT id FROM users WHERE organization = $1 AND manager = $2 AND account_type = 'user' ORDER BY id LIMIT $3

-- name: existing
-- Those who are being removed are waited for; those found cannot be removed before this transaction ends.
SELECT id FROM users WHERE organization = $1 AND id = ANY($2) AND account_type = 'user' ORDER BY id FOR KEY SHARE

-- name: insert
INSERT INTO users (organization, id, user_name_key, display, active, manager, version, created_at, modified_at, resource,
                   organization_role, seat, handle, connection, own_role)
VALUES ($1, $2, $3, $4, $5, $6, 1, $7, $7, $8, $9, $10, $11, $12, $13)

-- name: decided_role
SELECT own_role FROM users WHERE organization = $1 AND id = $2

-- name: decide_role
UPDATE users SET own_role = $3 WHERE organization = $1 AND id = $2

-- name: provisioner
SELECT c.id
  FROM users u JOIN connections c ON c.organization = u.organization AND c.id = u.connection AND c.revoked_at IS NULL
 WHERE u.organization = $1 AND u.id = $2

-- name: set_provisioner
UPDATE users SET connection = $3 WHERE organization = $1 AND id = $2

-- name: take_handle
INSERT INTO handles (organization, handle, owner) VALUES ($1, $2, $3)
    ON CONFLICT (organization, handle) DO NOTHING
RETURNING (SELECT settings FROM organizations WHERE id = $1)

-- name: activity
SELECT owner, last_active_at, days FROM activity WHERE organization = $1 AND owner = ANY($2)

-- name: note_activity
INSERT INTO activity (organization, owner, last_active_at, days)
SELECT organization, id, CAST($3 AS BIGINT), 1 FROM users WHERE organization = $1 AND id = $2
    ON CONFLICT (organization, owner) DO UPDATE
   SET last_active_at = excluded.last_active_at,
       days = activity.days
            + CASE WHEN excluded.last_active_at / 86400000000 > activity.last_active_at / 86400000000 THEN 1 ELSE 0 END
 WHERE excluded.last_active_at > activity.last_active_at

-- name: forget_activity
DELETE FROM activity WHERE organization = $1 AND owner = $2

-- name: replace
-- Compare and swap: no row comes back when the version has moved on.
UPDATE users
   SET user_name_key = $4, display = $5, active = $6, manager = $7, modified_at = $8, resource = $9,
       organization_role = $10, seat = $11, version = version + 1
 WHERE organization = $1 AND id = $2 AND version = $3
RETURNING version

-- name: remove
DELETE FROM users WHERE organization = $1 AND id = $2

-- name: bury
INSERT INTO tombstones (organization, id, resource_type, display, handle, removed_at)
SELECT organization, id, $3, coalesce(display, handle), handle, $4 FROM users WHERE organization = $1 AND id = $2
